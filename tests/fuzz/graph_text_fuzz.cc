// Any bytes as the text form of a graph: a graph or an Error, and what is read prints to a text that reads
// the same.
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "graph/text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pact;
  try {
    const graph::Graph graph = graph::parse({reinterpret_cast<const char*>(data), size}, "fuzz");
    PACT_CHECK(graph::parse(graph::print(graph), "fuzz") == graph);
    graph::find_problems(graph);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::internal) throw;
  }
  return 0;
}
