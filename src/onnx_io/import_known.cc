// What a name of the file stands for, and how what waits becomes nodes of the graph.
#include <algorithm>

#include "base/error.h"
#include "graph/validity.h"
#include "onnx_io/importer.h"

namespace pact::onnx_io {

using graph::DataType;
using graph::Op;
using graph::Tensor;
using graph::ValueId;
using graph::ValueKind;

namespace {

// x * 1 + 0 is x.
bool is_identity(const std::vector<double>& factors, const std::vector<double>& terms) {
  return std::ranges::all_of(factors, [](double each) { return each == 1.0; }) &&
         std::ranges::all_of(terms, [](double each) { return each == 0.0; });
}

Tensor tensor_of(const std::vector<double>& reals) {
  std::vector<float> floats;
  for (const double real : reals) floats.push_back(static_cast<float>(real));
  return Tensor::of({static_cast<int64_t>(floats.size())}, floats);
}

}  // namespace

void refuse(const std::string& what) { fail(ErrorKind::unsupported, "{}", what); }

int64_t wrapped(int64_t axis, size_t rank) {
  const auto extent = static_cast<int64_t>(rank);
  if (axis < -extent || axis >= extent) fail("axis {} does not exist in rank {}", axis, rank);
  return axis < 0 ? axis + extent : axis;
}

// Letters, digits, _ and . remain; "/layer1/conv/Conv" becomes "layer1.conv.Conv".
std::string identifier_of(std::string_view name) {
  const auto is_left_out = [](char c) {
    return c == '/' || c == '.' || c == kTransposed[0] || c == kBetween[0];
  };
  while (!name.empty() && is_left_out(name[0])) name.remove_prefix(1);
  name = name.substr(0, name.find(kBetween[0]));
  std::string result(name.substr(0, 200));
  for (char& c : result) {
    if (c == '/') c = '.';
    if (!graph::is_identifier(std::string("_") + c)) c = '_';
  }
  return graph::is_identifier(result) ? result : "_" + result;
}

const Known& Importer::known(const std::string& name) const {
  const auto found = known_.find(name);
  if (found == known_.end())
    fail("'{}' is neither an initializer nor computed by a node before the one that reads it", name);
  return found->second;
}

ValueId Importer::activation(const std::string& name) {
  const Known& entry = known(name);
  if (entry.is_channels_last)
    fail(ErrorKind::unsupported, "'{}' has its channels last; transpose it before, as for a convolution",
         name);
  if (!entry.flattened_from.empty())
    fail(ErrorKind::unsupported, "'{}' was flattened with its channels last; only a matrix may follow", name);
  if (entry.value) return *entry.value;
  if (entry.constant)
    fail(ErrorKind::unsupported, "'{}' is a constant, not something that is computed", name);
  if (entry.pixels && entry.pixels->is_channels_last)
    fail(ErrorKind::unsupported, "the image has its channels last here; transpose it first");
  const ValueId value = materialize(name, entry);
  known_[name] = {.value = value};
  return value;
}

ValueId Importer::materialize(const std::string& name, const Known& entry) {
  graph::Graph& graph = network_.graph;
  if (const auto& layer = entry.layer)
    return graph.add_node(layer->op, fresh_name(layer->name), layer->inputs, layer->attributes);
  if (const auto& pixels = entry.pixels)  // also where it changes nothing: it tells that the input is pixels
    return graph.add_node(Op::normalize, fresh_name("pixels"), {*image_},
                          {{"mean", pixels->mean}, {"std", pixels->std}});
  const std::string identifier = fresh_name(identifier_of(name));
  if (const auto& affine = entry.affine) {
    if (is_identity(affine->factors, affine->terms)) return affine->x;
    const ValueId factors =
        add_tensor(ValueKind::parameter, identifier + ".factors", tensor_of(affine->factors));
    const ValueId terms = add_tensor(ValueKind::parameter, identifier + ".terms", tensor_of(affine->terms));
    return graph.add_node(Op::rescale, identifier, {affine->x, factors, terms});
  }
  if (const auto& padded = entry.padded)
    return graph.add_node(Op::pad, identifier, {padded->x},
                          {{"before", padded->before}, {"after", padded->after}});
  if (entry.codes) fail(ErrorKind::unsupported, "'{}' are codes; a DequantizeLinear must follow", name);
  fail(ErrorKind::internal, "'{}' stands for nothing", name);
}

bool Importer::is_constant(const std::string& name) const { return known(name).constant.has_value(); }

bool Importer::is_output(const std::string& name) const {
  return std::ranges::any_of(model_.graph().output(), [&](const auto& each) { return each.name() == name; });
}

FileAxes Importer::file_axes(const std::string& name) const {
  const Known& x = known(name);
  size_t rank = 2;
  if (x.layer) rank = x.layer->op == Op::conv2d ? 4 : 2;
  if (x.value) rank = shape(*x.value).size();
  if (x.affine) rank = shape(x.affine->x).size();
  if (x.codes) rank = shape(x.codes->x).size();
  if (x.padded) rank = shape(x.padded->x).size();
  if (x.pixels) rank = shape(*image_).size();
  const bool is_last = x.is_channels_last || (x.pixels && x.pixels->is_channels_last);
  if (rank > 2) return {rank, is_last ? rank - 1 : 1};
  const auto found = file_axes_.find(name);
  return found == file_axes_.end() ? FileAxes{} : found->second;
}

const Known& Importer::stored(const std::string& name) const {
  const Known& entry = known(name);
  if (!entry.constant) fail(ErrorKind::unsupported, "'{}' must be a constant", name);
  return entry;
}

const Tensor& Importer::constant(const std::string& name) const {
  const Known& entry = stored(name);
  if (entry.constant->type == DataType::i16) {
    require_budget(entry.constant->count(), sizeof(float));
    known_.at(name).constant = values_of(entry);
  }
  return *entry.constant;
}

std::vector<int64_t> Importer::integers(const std::string& name) const {
  const Tensor& tensor = constant(name);
  if (tensor.type != DataType::i64) fail("'{}' must hold integers", name);
  const auto values = tensor.as<int64_t>();
  return {values.begin(), values.end()};
}

std::optional<std::vector<int64_t>> Importer::integers(const NodeView& node, const char* attribute,
                                                       int input) const {
  if (!node.input(input).empty()) return integers(node.input(input));
  return node.integers(attribute);
}

float Importer::scalar(const std::string& name) const {
  const Tensor& tensor = constant(name);
  if (tensor.type != DataType::f32 || tensor.count() != 1)
    fail(ErrorKind::unsupported, "'{}' must be one real number", name);
  return tensor.as<float>()[0];
}

// A free name; counted, so that a file that uses one name everywhere does not make us try them all each time.
std::string Importer::fresh_name(const std::string& wanted) {
  std::string name = wanted;
  if (!network_.graph.find(name)) return name;
  for (int& i = name_counts_.try_emplace(wanted, 1).first->second; network_.graph.find(name);)
    name = fmt::format("{}_{}", wanted, ++i);
  return name;
}

std::string Importer::name_of(const NodeView& node) {
  const onnx::NodeProto& proto = node.proto();
  return fresh_name(identifier_of(proto.name().empty() ? proto.output(0) : proto.name()));
}

ValueId Importer::add_tensor(ValueKind kind, const std::string& name, Tensor tensor) {
  charge(tensor);
  const std::string fresh = fresh_name(identifier_of(name));
  const ValueId value = network_.graph.add_source(kind, fresh, {tensor.type, tensor.shape});
  network_.tensors[fresh] = std::move(tensor);
  return value;
}

ValueId Importer::add_source(ValueKind kind, const std::string& name) {
  const Tensor& tensor = constant(name);
  const auto found = sources_.find(name);
  if (found != sources_.end() && network_.graph.value(found->second).kind == kind) return found->second;
  return sources_[name] = add_tensor(kind, name, tensor);
}

Known Importer::add(Op op, const NodeView& node, std::vector<ValueId> inputs, graph::Attributes attributes) {
  return {.value = network_.graph.add_node(op, name_of(node), std::move(inputs), std::move(attributes))};
}

}  // namespace pact::onnx_io
