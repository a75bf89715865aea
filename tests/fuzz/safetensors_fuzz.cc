// Any bytes as a safetensors file: tensors or an Error, and what is read is written and read to the same.
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "graph/tensor.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pact;
  try {
    const graph::TensorFile file =
        graph::parse_safetensors({reinterpret_cast<const char*>(data), size}, "fuzz");
    const graph::TensorFile again = graph::parse_safetensors(graph::serialize_safetensors(file), "fuzz");
    PACT_CHECK(again.tensors == file.tensors && again.metadata == file.metadata);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::internal) throw;
  }
  return 0;
}
