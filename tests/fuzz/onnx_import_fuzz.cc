// Any bytes as an ONNX file: a network or an Error. What is read must hold together: it verifies, its text
// form comes back to the same graph, and lowering takes it or refuses it in words.
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "graph/text.h"
#include "onnx_io/import.h"
#include "passes/lower/lower.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pact;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const graph::Network network = onnx_io::import_onnx(bytes, "fuzz", {});
    graph::verify(network);
    PACT_CHECK(graph::parse(graph::print(network.graph), "fuzz") == network.graph);
    passes::lower(network);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::internal) throw;
  }
  return 0;
}
