// Any bytes as a .pact file: a network that the engine runs, or an Error. Bytes that are a safetensors file
// get the checksum that they should have, which would stop nearly all else at once.
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/error.h"
#include "base/isa.h"
#include "engine/engine.h"
#include "model_file/model_file.h"

namespace {

using namespace pact;

// A few bytes may describe any number of pixels; memory that a graph openly asks for is no finding.
bool is_small(const graph::Graph& graph) {
  int64_t total = 0;
  for (const graph::Value& value : graph.values()) {
    const int64_t count = graph::element_count(value.type.shape);
    if (count > 1 << 16) return false;
    total += count;
  }
  if (total > 1 << 18) return false;
  // A window may be larger than what it slides over.
  for (const graph::Node& node : graph.nodes())
    for (const auto& [key, attribute] : node.attributes)
      if (const auto* list = std::get_if<std::vector<int64_t>>(&attribute))
        for (const int64_t each : *list)
          if (each < -1024 || each > 1024) return false;
  return true;
}

std::string with_checksum(std::string_view bytes) {
  graph::TensorFile file = graph::parse_safetensors(bytes, "fuzz");
  file.metadata["crc32"] = model_file::checksum_of(file);
  return graph::serialize_safetensors(file);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const model_file::Model model = model_file::parse(with_checksum(bytes), "fuzz");
    if (!is_small(model.network.graph)) return 0;
    engine::Engine engine(model.network, {.isa = Isa::portable, .threads = 1, .max_batch = 1});
    graph::TensorType input = engine.input_type();
    input.shape[0] = 1;
    engine.run(graph::Tensor::zeros(input.dtype, input.shape));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::internal) throw;
  }
  return 0;
}
