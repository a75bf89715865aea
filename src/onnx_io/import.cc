// The walk over a file: constants, the input, the nodes that the outputs need, the outputs.
#include "onnx_io/import.h"

#include <algorithm>
#include <cmath>
#include <exception>

#include "base/error.h"
#include "base/files.h"
#include "base/strings.h"
#include "graph/validity.h"
#include "onnx_io/importer.h"

namespace pact::onnx_io {
namespace {

constexpr int64_t kLeastOpset = 7, kMostOpset = 26;
constexpr size_t kMostProblems = 50;
// What a file may make beside its own numbers, as ConstantOfShape does, and how many copies of its numbers.
constexpr double kMostMadeBytes = 256e6, kMostCopies = 6;

std::vector<double> per_channel(const char* what, std::vector<double> reals, double otherwise,
                                int64_t channels) {
  if (reals.empty()) reals = {otherwise};
  if (reals.size() == 1 && channels <= 4096) reals.resize(static_cast<size_t>(channels), reals[0]);
  if (static_cast<int64_t>(reals.size()) != channels)
    fail("{} has {} entries, the network's input has {} channels", what, reals.size(), channels);
  return reals;
}

// Two control characters stand in names of the importer's own.
void require_name(const std::string& name) {
  for (const char* own : {kTransposed, kBetween})
    if (name.find(own) != std::string::npos) fail("the name contains a control character");
}

// Integer networks would make some code of a NaN, and float ones nothing but NaN. Single numbers may be limits.
void require_finite(const std::string& name, const graph::Tensor& constant) {
  if (constant.type != graph::DataType::f32 || constant.count() == 1) return;
  for (const float number : constant.as<float>())
    if (!std::isfinite(number)) fail("initializer '{}' holds NaN or infinity; has training diverged?", name);
}

}  // namespace

Importer::Importer(onnx::ModelProto model, std::string_view origin, const ImportOptions& options)
    : model_(std::move(model)),
      origin_(origin),
      options_(options),
      external_(options.folder),
      budget_bytes_(kMostMadeBytes + kMostCopies * static_cast<double>(model_.ByteSizeLong())) {
  for (const onnx::OperatorSetIdProto& opset : model_.opset_import())
    if (opset.domain().empty() || opset.domain() == "ai.onnx") opset_ = opset.version();
  takes_raw_pixels_ = std::ranges::any_of(model_.metadata_props(),
                                          [](const auto& entry) { return entry.key() == "pact.format"; });
  std::string name = identifier_of(model_.graph().name());
  if (name != "_") network_.graph.set_name(name);
}

graph::Network Importer::run() {
  if (opset_ < kLeastOpset || opset_ > kMostOpset)
    fail(ErrorKind::unsupported, "{}: opset {} is not understood, {} to {} are", origin_, opset_, kLeastOpset,
         kMostOpset);
  read_constants();
  read_shapes();
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
  if (has_halves_ && options_.on_note)
    options_.on_note(fmt::format("{}: it has real numbers of 16 bits; they are taken as float32", origin_));
  if (missing_ > 0 && options_.on_note)
    options_.on_note(
        fmt::format("{}: {} of its tensors {} not to be had, {}; layers can be shown, but nothing computed",
                    origin_, missing_, missing_ == 1 ? "is" : "are", first_missing_));
  return std::move(network_);
}

void Importer::report(ErrorKind kind, const std::string& problem) {
  problems_.push_back(problem);
  if (kind == ErrorKind::unsupported) kind_ = kind;
}

void Importer::read_constants() {
  if (model_.graph().sparse_initializer_size() > 0)
    report(ErrorKind::unsupported, "sparse initializers are not understood");
  for (onnx::TensorProto& initializer : *model_.mutable_graph()->mutable_initializer()) {
    const onnx::TensorProto proto = std::move(initializer);  // gone when it is read
    Known& entry = known_[proto.name()];
    try {
      require_name(proto.name());
      has_halves_ |= is_half(proto.data_type());
      if (ExternalData::is_external(proto) && options_.missing == MissingNumbers::zeros)
        entry.constant = zeros_for(proto);
      if (!entry.constant) entry.constant = tensor_of(proto, external_);
      require_finite(proto.name(), *entry.constant);
      entry.code_bits = code_bits_of(proto);
    } catch (const Error& error) {
      entry.is_broken = true;
      report(error.kind(), error.what());
    }
  }
  // Files beside the model are the file, too, each once.
  budget_bytes_ += kMostCopies * external_.file_bytes();
}

graph::Tensor Importer::zeros_for(const onnx::TensorProto& proto) {
  const graph::TensorType type = type_of(proto);
  const int64_t elements = graph::element_count(type.shape);
  charge(elements, size_bytes(type.dtype));
  if (const std::string problem = external_.problem_of(proto, external_bytes(proto)); !problem.empty()) {
    if (missing_ == 0) first_missing_ = fmt::format("'{}': {}", proto.name(), problem);
    ++missing_;
  }
  return graph::Tensor::zeros(type.dtype, type.shape);
}

// What the file says of the shapes between its nodes: they let us look at what follows a node that is
// refused.
void Importer::read_shapes() {
  const auto read = [&](const onnx::ValueInfoProto& info) {
    graph::Shape shape;
    for (const auto& dim : info.type().tensor_type().shape().dim()) shape.push_back(dim.dim_value());
    if (shape.size() < 2 || shape.size() > graph::kMaxRank) return;
    shape[0] = graph::kBatch;
    const bool is_known = std::ranges::all_of(shape.begin() + 1, shape.end(),
                                              [](int64_t extent) { return extent > 0 && extent <= 1 << 20; });
    double elements = 1;
    for (const int64_t extent : shape) elements *= static_cast<double>(extent);
    if (is_known && std::abs(elements) < 1e12) shapes_[info.name()] = shape;
  };
  for (const onnx::ValueInfoProto& info : model_.graph().value_info()) read(info);
  for (const onnx::ValueInfoProto& info : model_.graph().output()) read(info);
}

void Importer::read_input() {
  std::vector<const onnx::ValueInfoProto*> inputs;
  for (const onnx::ValueInfoProto& input : model_.graph().input())
    if (!known_.contains(input.name())) inputs.push_back(&input);
  for (const onnx::ValueInfoProto* input : inputs) known_[input->name()].is_broken = true;
  if (inputs.size() != 1)
    return report(ErrorKind::unsupported, fmt::format("it has {} inputs, one is expected", inputs.size()));
  try {
    known_[inputs[0]->name()] = read_input(*inputs[0]);
  } catch (const Error& error) {
    report(error.kind(), fmt::format("input '{}': {}", inputs[0]->name(), error.what()));
  }
}

Known Importer::read_input(const onnx::ValueInfoProto& input) {
  const onnx::TypeProto::Tensor& type = input.type().tensor_type();
  require_name(input.name());
  has_halves_ |= is_half(type.elem_type());
  if (type.elem_type() != onnx::TensorProto::FLOAT && type.elem_type() != onnx::TensorProto::UINT8 &&
      !is_half(type.elem_type()))
    fail(ErrorKind::unsupported, "it must be float, float16, bfloat16 or uint8");
  graph::Shape shape;
  for (const auto& dim : type.shape().dim()) shape.push_back(dim.has_dim_value() ? dim.dim_value() : 0);
  if (shape.size() < 2) fail(ErrorKind::unsupported, "it must have a batch and channels");
  if (shape[0] > 0) fixed_batch_ = shape[0];
  shape[0] = graph::kBatch;
  for (size_t i = 1; i < shape.size(); ++i)
    if (shape[i] <= 0) fail(ErrorKind::unsupported, "axis {} must have a fixed extent", i);
  if (shape[1] > 1 << 20) fail(ErrorKind::unsupported, "it has {} channels", shape[1]);
  InputPixels pixels;
  pixels.is_channels_last = shape.size() == 4 && is_transposed_to_channels_first(input.name());
  if (pixels.is_channels_last) std::rotate(shape.begin() + 1, shape.begin() + 3, shape.end());
  image_ = network_.graph.add_input(fresh_name(identifier_of(input.name())), {graph::DataType::f32, shape});
  if (takes_raw_pixels_) {
    if (!options_.mean.empty() || !options_.std.empty())
      fail(ErrorKind::usage,
           "it takes raw pixels, which the network normalizes itself: give no --mean and --std");
    pixels.mean.assign(static_cast<size_t>(shape[1]), 0.0);
    pixels.std.assign(static_cast<size_t>(shape[1]), 1.0);
  } else {
    pixels.mean = per_channel("mean", options_.mean, 0.0, shape[1]);
    pixels.std = per_channel("std", options_.std, 1.0, shape[1]);
    for (double& each : pixels.mean) each = decimal_of(static_cast<float>(each * 255.0));
    for (double& each : pixels.std) each = decimal_of(static_cast<float>(each * 255.0));
  }
  return {.pixels = std::move(pixels)};
}

// Exporters of TensorFlow keep its order of axes at the input, [N,H,W,C], and transpose first. PACT feeds the
// pixels itself and can do without.
bool Importer::is_transposed_to_channels_first(const std::string& name) const {
  std::set<std::string> names{name};
  for (const onnx::NodeProto& node : model_.graph().node()) {
    if (node.input_size() == 0 || node.output_size() == 0 || !names.contains(node.input(0))) continue;
    const std::string& op = node.op_type();
    if (op == "Transpose") return NodeView(node).integers("perm") == std::vector<int64_t>{0, 3, 1, 2};
    if (op == "Cast" || op == "Identity" || op == "Sub" || op == "Div" || op == "Mul" || op == "Add")
      names.insert(node.output(0));
  }
  return false;
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
  for (const onnx::NodeProto* node : needed)
    for (const std::string& input : node->input()) ++readers_[input];
  for (const onnx::NodeProto& node : model_.graph().node())
    if (needed.contains(&node)) {
      read_node(node);
      drop_what_nobody_reads_again(node);
    }
}

// The numbers only: that there was something of this name stays known.
void Importer::drop_what_nobody_reads_again(const onnx::NodeProto& proto) {
  for (const std::string& input : proto.input())
    if (const auto found = known_.find(input);
        --readers_[input] == 0 && found != known_.end() && found->second.constant && !is_output(input))
      found->second.constant.reset();
}

// After a refusal: a value of the shape that the file states, or the input where the operator keeps shapes,
// so that the problems behind it are found, too. The graph is lost by now.
Known Importer::stand_in(const onnx::NodeProto& proto) {
  static const std::set<std::string> keeps_shape{"Clip",        "LeakyRelu",
                                                 "PRelu",       "Elu",
                                                 "Selu",        "Sigmoid",
                                                 "Tanh",        "Erf",
                                                 "HardSigmoid", "Sqrt",
                                                 "Exp",         "Pow",
                                                 "Sub",         "Mul",
                                                 "Div",         "Gelu",
                                                 "Softmax",     "HardSwish",
                                                 "Quant",       "Softplus",
                                                 "Mish",        "Log",
                                                 "Abs",         "Neg",
                                                 "Celu",        "BatchNormalization"};
  if (const auto stated = shapes_.find(proto.output(0)); stated != shapes_.end())
    return {.value =
                network_.graph.add_input(fresh_name("stand_in"), {graph::DataType::f32, stated->second})};
  if (keeps_shape.contains(proto.op_type()) && proto.input_size() > 0)
    if (const auto found = known_.find(proto.input(0)); found != known_.end() && !found->second.constant)
      return found->second;
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
      require_name(output);
      if (known_.contains(output)) fail("its output '{}' has that name twice", output);
      result = read_op(NodeView(proto));
      if (result.constant)
        charge(*result.constant);
      else if (const FileAxes axes = axes_behind(NodeView(proto)); !file_axes_.contains(output))
        file_axes_[output] = axes;
    } catch (const Error& error) {
      report(error.kind(), fmt::format("node '{}' ({}): {}", name, proto.op_type(), error.what()));
      result = {.is_broken = true};
    }
  }
  if (result.is_broken && !output.empty()) result = stand_in(proto);
  known_.insert_or_assign(output, std::move(result));
}

// Initializers are no larger than the files, which for those beside the model ExternalData sees to; what is made from them, again and again perhaps, needs a bound.
void Importer::charge(int64_t elements, size_t element_bytes) {
  require_budget(elements, element_bytes);
  budget_bytes_ -= static_cast<double>(elements) * static_cast<double>(element_bytes);
}

void Importer::require_budget(int64_t elements, size_t element_bytes) const {
  if (budget_bytes_ < static_cast<double>(elements) * static_cast<double>(element_bytes))
    fail(ErrorKind::unsupported,
         "the file makes more numbers out of its own than it may, {:.0f} MB and {} copies",
         kMostMadeBytes / 1e6, kMostCopies);
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

graph::Network import_onnx(std::string_view bytes, std::string_view origin, const ImportOptions& options) {
  return Importer(parse_model(bytes, origin), origin, options).run();
}

graph::Network import_onnx_file(const std::filesystem::path& path, const ImportOptions& options) {
  constexpr size_t kMostBytes = size_t{2} << 30;
  onnx::ModelProto model = parse_model(read_file(path, kMostBytes), path.string());
  return Importer(std::move(model), path.string(), options).run();
}

}  // namespace pact::onnx_io
