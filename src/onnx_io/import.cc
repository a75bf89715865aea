// The walk over a file: constants, the input, the nodes that the outputs need, the outputs.
#include "onnx_io/import.h"

#include <algorithm>
#include <exception>

#include "base/error.h"
#include "base/strings.h"
#include "graph/validity.h"
#include "onnx_io/importer.h"

namespace pact::onnx_io {
namespace {

constexpr int64_t kLeastOpset = 7, kMostOpset = 25;
constexpr size_t kMostProblems = 50;
constexpr size_t kMostCopiedBytes = size_t{1} << 31;

// Letters, digits, _ and . remain; "/layer1/conv/Conv" becomes "layer1.conv.Conv".
std::string identifier_of(std::string_view name) {
  while (!name.empty() && (name[0] == '/' || name[0] == '.' || name[0] == kTransposed[0]))
    name.remove_prefix(1);
  std::string result(name.substr(0, 200));
  for (char& c : result) {
    if (c == '/') c = '.';
    if (!graph::is_identifier(std::string("_") + c)) c = '_';
  }
  return graph::is_identifier(result) ? result : "_" + result;
}

std::vector<double> per_channel(const char* what, std::vector<double> reals, double otherwise,
                                int64_t channels) {
  if (reals.empty()) reals = {otherwise};
  if (reals.size() == 1 && channels <= 4096) reals.resize(static_cast<size_t>(channels), reals[0]);
  if (static_cast<int64_t>(reals.size()) != channels)
    fail("{} has {} entries, the network's input has {} channels", what, reals.size(), channels);
  return reals;
}

}  // namespace

Importer::Importer(const onnx::ModelProto& model, std::string_view origin, const ImportOptions& options)
    : model_(model), origin_(origin), options_(options) {
  for (const onnx::OperatorSetIdProto& opset : model.opset_import())
    if (opset.domain().empty() || opset.domain() == "ai.onnx") opset_ = opset.version();
  takes_raw_pixels_ = std::ranges::any_of(model.metadata_props(),
                                          [](const auto& entry) { return entry.key() == "pact.format"; });
  std::string name = identifier_of(model.graph().name());
  if (name != "_") network_.graph.set_name(name);
}

graph::Network Importer::run() {
  if (opset_ < kLeastOpset || opset_ > kMostOpset)
    fail(ErrorKind::unsupported, "{}: opset {} is not understood, {} to {} are", origin_, opset_, kLeastOpset,
         kMostOpset);
  read_constants();
  read_input();
  read_nodes();
  read_outputs();
  if (problems_.empty()) problems_ = graph::find_problems(network_);
  if (problems_.size() > kMostProblems) {
    const size_t more = problems_.size() - kMostProblems;
    problems_.resize(kMostProblems);
    problems_.push_back(fmt::format("and {} more", more));
  }
  if (!problems_.empty()) fail(kind_, "{} cannot be read:\n  {}", origin_, join(problems_, "\n  "));
  return std::move(network_);
}

void Importer::report(ErrorKind kind, const std::string& problem) {
  problems_.push_back(problem);
  if (kind == ErrorKind::unsupported) kind_ = kind;
}

void Importer::read_constants() {
  if (model_.graph().sparse_initializer_size() > 0)
    report(ErrorKind::unsupported, "sparse initializers are not understood");
  for (const onnx::TensorProto& proto : model_.graph().initializer()) {
    try {
      known_[proto.name()].constant = tensor_of(proto);
    } catch (const Error& error) {
      known_[proto.name()].is_broken = true;
      report(error.kind(), error.what());
    }
  }
}

void Importer::read_input() {
  std::vector<const onnx::ValueInfoProto*> inputs;
  for (const onnx::ValueInfoProto& input : model_.graph().input())
    if (!known_.contains(input.name())) inputs.push_back(&input);
  for (const onnx::ValueInfoProto* input : inputs) known_[input->name()].is_broken = true;
  if (inputs.size() != 1)
    return report(ErrorKind::unsupported, fmt::format("it has {} inputs, one is expected", inputs.size()));
  const std::string& name = inputs[0]->name();
  try {
    const onnx::TypeProto::Tensor& type = inputs[0]->type().tensor_type();
    if (type.elem_type() != onnx::TensorProto::FLOAT && type.elem_type() != onnx::TensorProto::UINT8)
      fail(ErrorKind::unsupported, "it must be float or uint8");
    graph::Shape shape;
    for (const auto& dim : type.shape().dim()) shape.push_back(dim.has_dim_value() ? dim.dim_value() : 0);
    if (shape.size() < 2) fail(ErrorKind::unsupported, "it must have a batch and channels");
    if (shape[0] > 0) fixed_batch_ = shape[0];
    shape[0] = graph::kBatch;
    for (size_t i = 1; i < shape.size(); ++i)
      if (shape[i] <= 0) fail(ErrorKind::unsupported, "axis {} must have a fixed extent", i);
    image_ = network_.graph.add_input(fresh_name(identifier_of(name)), {graph::DataType::f32, shape});
    known_[name] = {.value = image_};
    if (takes_raw_pixels_) return;
    std::vector<double> mean = per_channel("mean", options_.mean, 0.0, shape[1]);
    std::vector<double> std = per_channel("std", options_.std, 1.0, shape[1]);
    for (double& each : mean) each = decimal_of(static_cast<float>(each * 255.0));
    for (double& each : std) each = decimal_of(static_cast<float>(each * 255.0));
    known_[name] = {.value = network_.graph.add_node(graph::Op::normalize, fresh_name("pixels"), {*image_},
                                                     {{"mean", mean}, {"std", std}})};
  } catch (const Error& error) {
    report(error.kind(), fmt::format("input '{}': {}", name, error.what()));
    known_[name] = {.is_broken = true};
  }
}

// What no output depends on is left out.
std::set<const onnx::NodeProto*> Importer::needed_nodes() const {
  std::map<std::string_view, const onnx::NodeProto*> producers;
  for (const onnx::NodeProto& node : model_.graph().node())
    for (const std::string& output : node.output()) producers.emplace(output, &node);
  std::vector<std::string_view> wanted;
  for (const onnx::ValueInfoProto& output : model_.graph().output()) wanted.push_back(output.name());
  std::set<const onnx::NodeProto*> needed;
  while (!wanted.empty()) {
    const auto found = producers.find(wanted.back());
    wanted.pop_back();
    if (found != producers.end() && needed.insert(found->second).second)
      for (const std::string& input : found->second->input()) wanted.push_back(input);
  }
  return needed;
}

void Importer::read_nodes() {
  const std::set<const onnx::NodeProto*> needed = needed_nodes();
  for (const onnx::NodeProto& node : model_.graph().node())
    if (needed.contains(&node)) read_node(node);
}

// After a refusal: what keeps shapes passes its input on, so that the problems behind it are found, too.
Known Importer::stand_in(const onnx::NodeProto& proto) {
  static const std::set<std::string> keeps_shape{
      "Clip", "LeakyRelu", "PRelu", "Elu", "Selu", "Sigmoid", "Tanh", "Erf",    "HardSigmoid",
      "Sqrt", "Exp",       "Pow",   "Sub", "Mul",  "Div",     "Gelu", "Softmax"};
  if (keeps_shape.contains(proto.op_type()) && proto.input_size() > 0)
    if (const auto found = known_.find(proto.input(0)); found != known_.end()) return found->second;
  return {.is_broken = true};
}

void Importer::read_node(const onnx::NodeProto& proto) {
  const std::string output = proto.output_size() > 0 ? proto.output(0) : "";
  const bool is_downstream = std::ranges::any_of(proto.input(), [&](const std::string& input) {
    const auto found = known_.find(input);
    return found != known_.end() && found->second.is_broken;
  });
  Known result{.is_broken = true};
  if (!is_downstream) {
    const std::string& name = proto.name().empty() ? output : proto.name();
    try {
      if (output.empty()) fail("its first output has no name");
      if (known_.contains(output)) fail("its output '{}' has that name twice", output);
      result = read_op(NodeView(proto));
      if (result.constant) charge(*result.constant);
    } catch (const Error& error) {
      report(error.kind(), fmt::format("node '{}' ({}): {}", name, proto.op_type(), error.what()));
      result = stand_in(proto);
    }
  }
  known_.insert_or_assign(output, std::move(result));
}

// Initializers are no larger than the file; what is made from them, again and again perhaps, needs a bound.
void Importer::charge(const graph::Tensor& tensor) {
  copied_bytes_ += tensor.bytes.size();
  if (copied_bytes_ > kMostCopiedBytes) fail(ErrorKind::unsupported, "the network's numbers exceed 2 GiB");
}

void Importer::read_outputs() {
  if (model_.graph().output_size() == 0) report(ErrorKind::bad_input, "it has no outputs");
  for (const onnx::ValueInfoProto& output : model_.graph().output()) {
    const auto found = known_.find(output.name());
    if (found != known_.end() && found->second.is_broken) continue;
    try {
      network_.graph.add_output(activation(output.name()));
    } catch (const Error& error) {
      report(error.kind(), fmt::format("output '{}': {}", output.name(), error.what()));
    }
  }
}

const Known& Importer::known(const std::string& name) const {
  const auto found = known_.find(name);
  if (found == known_.end())
    fail("'{}' is neither an initializer nor computed by a node before the one that reads it", name);
  return found->second;
}

graph::ValueId Importer::activation(const std::string& name) {
  const Known& entry = known(name);
  if (entry.value) return *entry.value;
  if (!entry.layer) fail(ErrorKind::unsupported, "'{}' is a constant, not something that is computed", name);
  const Layer& layer = *entry.layer;
  const graph::ValueId value =
      network_.graph.add_node(layer.op, fresh_name(layer.name), layer.inputs, layer.attributes);
  known_[name] = {.value = value};
  return value;
}

bool Importer::is_constant(const std::string& name) const { return known(name).constant.has_value(); }

const graph::Tensor& Importer::constant(const std::string& name) const {
  const Known& entry = known(name);
  if (!entry.constant) fail(ErrorKind::unsupported, "'{}' must be a constant", name);
  return *entry.constant;
}

std::vector<int64_t> Importer::integers(const std::string& name) const {
  const graph::Tensor& tensor = constant(name);
  if (tensor.type != graph::DataType::i64) fail("'{}' must hold integers", name);
  const auto values = tensor.as<int64_t>();
  return {values.begin(), values.end()};
}

std::optional<std::vector<int64_t>> Importer::integers(const NodeView& node, const char* attribute,
                                                       int input) const {
  if (!node.input(input).empty()) return integers(node.input(input));
  return node.integers(attribute);
}

float Importer::scalar(const std::string& name) const {
  const graph::Tensor& tensor = constant(name);
  if (tensor.type != graph::DataType::f32 || tensor.count() != 1)
    fail(ErrorKind::unsupported, "'{}' must be one real number", name);
  return tensor.as<float>()[0];
}

std::string Importer::fresh_name(const std::string& wanted) const {
  std::string name = wanted;
  for (int i = 2; network_.graph.find(name); ++i) name = fmt::format("{}_{}", wanted, i);
  return name;
}

std::string Importer::name_of(const NodeView& node) const {
  const onnx::NodeProto& proto = node.proto();
  return fresh_name(identifier_of(proto.name().empty() ? proto.output(0) : proto.name()));
}

graph::ValueId Importer::add_tensor(graph::ValueKind kind, const std::string& name, graph::Tensor tensor) {
  charge(tensor);
  const std::string fresh = fresh_name(identifier_of(name));
  const graph::ValueId value = network_.graph.add_source(kind, fresh, {tensor.type, tensor.shape});
  network_.tensors[fresh] = std::move(tensor);
  return value;
}

graph::ValueId Importer::add_source(graph::ValueKind kind, const std::string& name) {
  const graph::Tensor& tensor = constant(name);
  const auto found = sources_.find(name);
  if (found != sources_.end() && network_.graph.value(found->second).kind == kind) return found->second;
  return sources_[name] = add_tensor(kind, name, tensor);
}

Known Importer::add(graph::Op op, const NodeView& node, std::vector<graph::ValueId> inputs,
                    graph::Attributes attributes) {
  return {.value = network_.graph.add_node(op, name_of(node), std::move(inputs), std::move(attributes))};
}

graph::Network import_onnx(std::string_view bytes, std::string_view origin, const ImportOptions& options) {
  const onnx::ModelProto model = parse_model(bytes, origin);
  return Importer(model, origin, options).run();
}

}  // namespace pact::onnx_io
