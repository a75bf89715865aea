// Node by node; batch norms stay nodes of their own, since runtimes fold them at load as it suits them.
#include "onnx_io/export.h"

#include <algorithm>

#include "base/error.h"
#include "base/strings.h"
#include "graph/layers.h"
#include "onnx_io/class_names.h"
#include "onnx_io/export_quant.h"
#include "onnx_io/model_writer.h"

namespace pact::onnx_io {
namespace {

using graph::Node;
using graph::Op;

std::string listed(const std::vector<double>& reals) {
  std::vector<std::string> parts;
  for (const double real : reals) parts.push_back(fmt::format("{}", real));
  return join(parts, ",");
}

bool is_dilated(const Node& pool) { return pool.integers("dilations") != std::vector<int64_t>{1, 1}; }

class Exporter {
 public:
  Exporter(const graph::Network& network, const ExportOptions& options)
      : network_(network),
        graph_(network.graph),
        options_(options),
        writer_(graph_.name(), ir_version(), opset()) {}

  std::string run() {
    writer_.metadata("pact.format", std::string(name_of(options_.format)));
    if (!options_.classes.empty()) writer_.metadata(kClassesKey, text_of_classes(options_.classes));
    if (options_.format == Format::qonnx) writer_.import_domain(kQonnxDomain, 1);
    for (const graph::ValueId id : graph_.inputs()) write_input(graph_.value(id));
    std::vector<std::string> problems;
    for (const Node& node : graph_.nodes()) {
      try {
        write(node);
      } catch (const Error& error) {
        problems.push_back(fmt::format("node '{}' ({}): {}", node.name, name_of(node.op), error.what()));
        if (error.kind() == ErrorKind::unsupported) kind_ = ErrorKind::unsupported;
      }
    }
    if (!problems.empty())
      fail(kind_, "{} cannot be written as ONNX:\n  {}", graph_.name(), join(problems, "\n  "));
    for (const graph::ValueId id : graph_.outputs())
      writer_.output(graph_.value(id).name, graph_.value(id).type.shape);
    return writer_.serialize();
  }

 private:
  // By storage: bytes, INT4, INT2.
  int opset() const {
    constexpr int kOpsets[] = {13, 21, 25};
    const int opset = options_.format == Format::qonnx ? 11 : kOpsets[static_cast<int>(options_.storage)];
    return averages_are_dilated() ? std::max(opset, 19) : opset;
  }
  int ir_version() const {
    constexpr int kVersions[] = {7, 10, 13};
    const int version = options_.format == Format::qonnx ? 6 : kVersions[static_cast<int>(options_.storage)];
    return averages_are_dilated() ? std::max(version, 9) : version;
  }
  // AveragePool has dilations from opset 19 on.
  bool averages_are_dilated() const {
    return std::ranges::any_of(graph_.nodes(),
                               [](const Node& node) { return node.op == Op::avg_pool && is_dilated(node); });
  }

  void write_input(const graph::Value& value) {
    const bool is_bytes = options_.pixels == Pixels::u8;
    writer_.input(value.name, is_bytes ? onnx::TensorProto::UINT8 : onnx::TensorProto::FLOAT,
                  value.type.shape);
    if (!is_bytes) return;
    names_[value.name] = writer_.node("Cast", value.name + ".f32", {value.name})
                             .integer("to", onnx::TensorProto::FLOAT)
                             .output();
  }

  // The ONNX name of input i; parameters become initializers where they are first read.
  std::string input(const Node& node, size_t i) {
    const graph::Value& value = graph_.value(node.inputs[i]);
    if (const auto found = names_.find(value.name); found != names_.end()) return found->second;
    if (value.kind == graph::ValueKind::parameter || value.kind == graph::ValueKind::buffer) {
      const graph::Tensor& tensor = network_.tensors.at(value.name);
      return names_[value.name] = writer_.floats(value.name, tensor.shape, tensor.as<float>());
    }
    return value.name;
  }

  std::vector<std::string> inputs(const Node& node) {
    std::vector<std::string> names;
    for (size_t i = 0; i < node.inputs.size(); ++i) names.push_back(input(node, i));
    return names;
  }

  const graph::Shape& shape(const Node& node, size_t i) const {
    return graph_.value(node.inputs[i]).type.shape;
  }

  // (x - mean[c]) / std[c], with the two shaped to broadcast along the channels.
  void write_normalize(const Node& node) {
    graph::Shape along(shape(node, 0).size(), 1);
    along[1] = shape(node, 0)[1];
    const auto channels = [&](const char* key) {
      const std::vector<double>& reals = node.reals(key);
      writer_.metadata(std::string("pact.") + key, listed(reals));
      const std::vector<float> values(reals.begin(), reals.end());
      return writer_.floats(node.name + "." + key, along, values);
    };
    const std::string centred =
        writer_.node("Sub", node.name + ".centred", {input(node, 0), channels("mean")}).output();
    writer_.node("Div", node.name, {centred, channels("std")});
  }

  void write_conv(const Node& node) {
    const graph::Shape& weight = shape(node, 1);
    writer_.node("Conv", node.name, inputs(node))
        .ints("kernel_shape", std::vector<int64_t>(weight.begin() + 2, weight.end()))
        .ints("strides", node.integers("strides"))
        .ints("pads", node.integers("pads"))
        .ints("dilations", node.integers("dilations"))
        .integer("group", node.integer("groups"));
  }

  NodeWriter write_pool(const char* op, const Node& node) {
    NodeWriter written = writer_.node(op, node.name, {input(node, 0)})
                             .ints("kernel_shape", node.integers("kernel"))
                             .ints("strides", node.integers("strides"))
                             .ints("pads", node.integers("pads"));
    if (is_dilated(node)) written.ints("dilations", node.integers("dilations"));
    return written;
  }

  void write_slice(const Node& node) {
    std::vector<int64_t> axes;
    for (size_t axis = 1; axis < shape(node, 0).size(); ++axis) axes.push_back(static_cast<int64_t>(axis));
    writer_.node(
        "Slice", node.name,
        {input(node, 0), writer_.int64s(node.name + ".begin", node.integers("begin")),
         writer_.int64s(node.name + ".end", node.integers("end")), writer_.int64s(node.name + ".axes", axes),
         writer_.int64s(node.name + ".step", node.integers("step"))});
  }

  void write_pad(const Node& node) {
    std::vector<int64_t> pads{0};
    pads.insert(pads.end(), node.integers("before").begin(), node.integers("before").end());
    pads.push_back(0);
    pads.insert(pads.end(), node.integers("after").begin(), node.integers("after").end());
    writer_.node("Pad", node.name, {input(node, 0), writer_.int64s(node.name + ".pads", pads)})
        .word("mode", "constant");
  }

  // Mul and Add, with the numbers shaped to broadcast along the channels.
  void write_rescale(const Node& node) {
    if (graph_.value(node.inputs[0]).type.dtype != graph::DataType::f32)
      fail(ErrorKind::unsupported, "belongs to integer networks; export the trained one instead");
    graph::Shape along(shape(node, 0).size(), 1);
    along[1] = shape(node, 0)[1];
    const auto channels = [&](size_t i) {
      const std::string& name = graph_.value(node.inputs[i]).name;
      return writer_.floats(node.name + (i == 1 ? ".factors" : ".terms"), along,
                            network_.tensors.at(name).as<float>());
    };
    const std::string scaled =
        writer_.node("Mul", node.name + ".scaled", {input(node, 0), channels(1)}).output();
    writer_.node("Add", node.name, {scaled, channels(2)});
  }

  void write(const Node& node) {
    switch (node.op) {
      case Op::normalize:
        return write_normalize(node);
      case Op::conv2d:
        return write_conv(node);
      case Op::batch_norm:
        writer_.node("BatchNormalization", node.name, inputs(node)).real("epsilon", node.real("epsilon"));
        return;
      case Op::relu:
        writer_.node("Relu", node.name, inputs(node));
        return;
      case Op::clip:
        writer_.node("Clip", node.name,
                     {input(node, 0),
                      writer_.scalar(node.name + ".low", static_cast<float>(node.real("low"))),
                      writer_.scalar(node.name + ".high", static_cast<float>(node.real("high")))});
        return;
      case Op::add:
        writer_.node("Add", node.name, inputs(node));
        return;
      case Op::quant:
      case Op::dequantize:
        write_quant(network_, node, options_, writer_);
        return;
      case Op::max_pool:
        write_pool("MaxPool", node);
        return;
      case Op::avg_pool:
        write_pool("AveragePool", node).integer("count_include_pad", node.integer("count_include_pad"));
        return;
      case Op::global_avg_pool: {
        const std::string maps =
            writer_.node("GlobalAveragePool", node.name + ".maps", inputs(node)).output();
        writer_.node("Flatten", node.name, {maps}).integer("axis", 1);
        return;
      }
      case Op::flatten:
        writer_.node("Flatten", node.name, inputs(node)).integer("axis", 1);
        return;
      case Op::linear:
        writer_.node("Gemm", node.name, inputs(node)).integer("transB", 1);
        return;
      case Op::slice:
        return write_slice(node);
      case Op::pad:
        return write_pad(node);
      case Op::rescale:
        return write_rescale(node);
      case Op::quantize:
      case Op::integer_conv2d:
      case Op::integer_linear:
      case Op::fixed_requantize:
      case Op::fixed_rescale:
      case Op::sum_pool:
        fail(ErrorKind::unsupported, "belongs to integer networks; export the trained one instead");
    }
  }

  const graph::Network& network_;
  const graph::Graph& graph_;
  const ExportOptions& options_;
  ModelWriter writer_;
  std::map<std::string, std::string> names_;
  ErrorKind kind_ = ErrorKind::bad_input;
};

}  // namespace

std::string_view name_of(Format format) { return format == Format::qcdq ? "qcdq" : "qonnx"; }

Format format_of(std::string_view name) {
  if (name == "qcdq") return Format::qcdq;
  if (name == "qonnx") return Format::qonnx;
  fail("{}", unknown_name("ONNX format", name, {"qcdq", "qonnx"}));
}

std::string export_onnx(const graph::Network& trained, const ExportOptions& options) {
  if (options.format == Format::qonnx && options.storage != Storage::bytes)
    fail(ErrorKind::unsupported, "QONNX keeps weights as real numbers; packed weights go with format qcdq");
  graph::verify(trained);
  if (std::ranges::any_of(trained.graph.nodes(), graph::is_integer_layer))
    fail(ErrorKind::unsupported, "graph {}: is a network of integers, as .pact files hold; an ONNX file is "
                                 "made of the run that it comes from", trained.graph.name());
  return Exporter(trained, options).run();
}

}  // namespace pact::onnx_io
