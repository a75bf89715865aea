#include "model_file/model_file.h"

#include <algorithm>
#include <map>

#include "base/checksum.h"
#include "base/error.h"
#include "base/files.h"
#include "base/strings.h"
#include "base/version.h"
#include "graph/grids.h"
#include "graph/layers.h"
#include "graph/text.h"
#include "quant/pack.h"

namespace pact::model_file {
namespace {

using graph::DataType;
using graph::Graph;
using graph::Node;
using graph::Op;
using graph::Tensor;
using graph::TensorFile;

constexpr std::string_view kFamily = "pact.model.";
constexpr std::string_view kFormat = "pact.model.1";
constexpr size_t kMaxFileBytes = size_t{1} << 30;
constexpr std::string_view kChecksum = "crc32";  // the one key that it does not cover

// The parameters that are packed, with the grid of their codes: weights of integer layers. Where layers share
// one, the first says how it is packed.
std::map<std::string, quant::Grid> packed_parameters(const Graph& graph) {
  std::map<std::string, quant::Grid> packed;
  for (const Node& node : graph.nodes()) {
    if (!is_integer_layer(node)) continue;
    const graph::Value& weight = graph.value(node.inputs[1]);
    if (weight.kind == graph::ValueKind::parameter) packed.emplace(weight.name, graph::weight_grid_of(node));
  }
  return packed;
}

Tensor pack(const Tensor& codes, const quant::Grid& grid) {
  std::vector<int16_t> wide(codes.bytes.size());
  for (size_t i = 0; i < wide.size(); ++i) wide[i] = static_cast<int16_t>(graph::code_at(codes, i));
  const std::vector<uint8_t> bytes = quant::pack(grid, wide);
  Tensor packed = Tensor::zeros(DataType::u8, {static_cast<int64_t>(bytes.size())});
  std::ranges::copy(bytes, packed.as<uint8_t>().begin());
  return packed;
}

Tensor unpack(const Tensor& packed, const quant::Grid& grid, const graph::TensorType& type) {
  if (packed.type != DataType::u8 || packed.shape.size() != 1)
    fail("is {}, packed codes are u8[bytes]", to_string(graph::TensorType{packed.type, packed.shape}));
  // Compares the sizes before it makes room, so that no extent in the graph leads to more than the file
  // holds.
  const auto count = static_cast<size_t>(graph::element_count(type.shape));
  const std::vector<int16_t> codes = quant::unpack(grid, packed.as<uint8_t>(), count);
  Tensor tensor = Tensor::zeros(type.dtype, type.shape);
  for (size_t i = 0; i < count; ++i) tensor.bytes[i] = static_cast<std::byte>(codes[i] & 0xff);
  return tensor;
}

void require_deployable(const Model& model) {
  const Graph& graph = model.network.graph;
  verify(model.network);
  for (const Node& node : graph.nodes())
    if (node.op == Op::quant)
      fail(ErrorKind::unsupported, "node '{}' is fake quantization, for training; lower the network first",
           node.name);
  if (graph.inputs().size() != 1 || graph.outputs().size() != 1)
    fail(ErrorKind::unsupported, "it has {} inputs and {} outputs; a deployed network has one of each",
         graph.inputs().size(), graph.outputs().size());
  const graph::TensorType& input = graph.value(graph.inputs()[0]).type;
  const graph::TensorType& output = graph.value(graph.outputs()[0]).type;
  const auto is_open = [](const graph::TensorType& type) {
    return type.shape.size() >= 2 && type.shape[0] == graph::kBatch;
  };
  if (!is_open(input) || (input.dtype != DataType::u8 && input.dtype != DataType::f32))
    fail(ErrorKind::unsupported, "its input is {}; a deployed network takes u8 or f32 [N,...]",
         to_string(input));
  if (!is_open(output) || output.dtype != DataType::f32)
    fail(ErrorKind::unsupported, "its output is {}; a deployed network yields f32 [N,...]",
         to_string(output));
  if (!model.classes.empty() && output.shape != graph::Shape{graph::kBatch, std::ssize(model.classes)})
    fail("it has names of {} classes, but its output is {}", model.classes.size(), to_string(output));
}

Model parse_checked(std::string_view bytes, std::string_view origin) {
  TensorFile file = graph::parse_safetensors(bytes, origin);
  const auto found = [&](std::string_view key) -> const std::string& {
    const auto entry = file.metadata.find(std::string(key));
    if (entry == file.metadata.end()) fail("it has no '{}' in its metadata", key);
    return entry->second;
  };
  const std::string& format = found("format");
  if (format != kFormat && format.starts_with(kFamily))
    fail(ErrorKind::unsupported, "it has the form '{}', of another version of PACT; {} reads '{}'", format,
         kVersion, kFormat);
  if (format != kFormat) fail("it has the form '{}', not '{}'", format, kFormat);
  if (found(kChecksum) != checksum_of(file)) fail("it is damaged: its checksum does not fit what it holds");

  Model model{{graph::parse(found("graph"), "its graph"), {}}, {}};
  for (const auto& [name, grid] : packed_parameters(model.network.graph)) {
    const auto packed = file.tensors.find(name);
    if (packed == file.tensors.end()) continue;  // verify tells
    const graph::ValueId value = *model.network.graph.find(name);
    try {
      packed->second = unpack(packed->second, grid, model.network.graph.value(value).type);
    } catch (const Error& error) {
      fail("tensor '{}': {}", name, error.what());
    }
  }
  model.network.tensors = std::move(file.tensors);
  if (file.metadata.contains("classes")) model.classes = split(file.metadata["classes"], '\n');
  require_deployable(model);
  return model;
}

}  // namespace

// Of everything that the file says, in an order of its own, so that it does not matter where a tensor lies.
std::string checksum_of(const TensorFile& file) {
  uint32_t sum = 0;
  const auto add = [&](std::string_view text) { sum = crc32(std::string_view("\0", 1), crc32(text, sum)); };
  for (const auto& [key, value] : file.metadata) {
    if (key == kChecksum) continue;
    add(key);
    add(value);
  }
  for (const auto& [name, tensor] : file.tensors) {
    add(name);
    add(to_string(graph::TensorType{tensor.type, tensor.shape}));
    sum = crc32({reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size()}, sum);
  }
  return fmt::format("{:08x}", sum);
}

std::string serialize(const Model& model) {
  const Graph& graph = model.network.graph;
  try {
    require_deployable(model);
  } catch (const Error& error) {
    fail(error.kind(), "{} cannot be deployed: {}", graph.name(), error.what());
  }
  TensorFile file{model.network.tensors,
                  {{"format", std::string(kFormat)},
                   {"written_by", fmt::format("pact {}", kVersion)},
                   {"graph", graph::print(graph)}}};
  for (const auto& [name, grid] : packed_parameters(graph)) {
    Tensor& tensor = file.tensors.at(name);
    try {
      tensor = pack(tensor, grid);
    } catch (const Error& error) {
      fail(error.kind(), "{} cannot be deployed: '{}': {}", graph.name(), name, error.what());
    }
  }
  for (const std::string& name : model.classes)
    if (name.empty() || name.find('\n') != std::string::npos)
      fail("the name of a class must not be empty or hold a line break: '{}'", name);
  if (!model.classes.empty()) file.metadata["classes"] = join(model.classes, "\n");
  file.metadata[std::string(kChecksum)] = checksum_of(file);
  return graph::serialize_safetensors(file);
}

Model parse(std::string_view bytes, std::string_view origin) {
  try {
    return parse_checked(bytes, "it");
  } catch (const Error& error) {
    fail(error.kind(), "{}: no model that can be read: {}", origin, error.what());
  }
}

bool is_model_file(const std::filesystem::path& path) { return path.extension() == ".pact"; }

Model read(const std::filesystem::path& path) { return parse(read_file(path, kMaxFileBytes), path.string()); }

}  // namespace pact::model_file
