// What the import knows while it walks the nodes of a file, and the operations that the files import_*.cc
// share. ONNX demands an order in which nodes can run; a name that is not known yet is therefore an error,
// and cycles are found so.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "onnx_io/import.h"
#include "onnx_io/model_reader.h"

namespace pact::onnx_io {

// Precedes the name under which the transpose of a constant is known.
inline constexpr const char* kTransposed = "\x01";

// A conv2d or linear without bias that waits for an Add that may bring it.
struct Layer {
  graph::Op op;
  std::string name;
  std::vector<graph::ValueId> inputs;
  graph::Attributes attributes;
};

// Codes of an activation, between QuantizeLinear and DequantizeLinear.
struct Codes {
  graph::ValueId x;
  int bits;
  float step;
};

// What a name of the file stands for: exactly one of these.
struct Known {
  std::optional<graph::ValueId> value = {};
  std::optional<graph::Tensor> constant = {};  // i64 ones may hold kBatch, from Shape
  float unit = 0.0f;  // with a constant: its elements are integers times this; 0: no such
  std::optional<Layer> layer = {};
  std::optional<Codes> codes = {};
  std::vector<double> centred = {};  // raw pixels minus these
  bool is_broken = false;            // reported already
};

class Importer {
 public:
  Importer(const onnx::ModelProto& model, std::string_view origin, const ImportOptions& options);
  graph::Network run();

 private:
  // import.cc
  void read_constants();
  void read_input();
  void add_normalize(graph::ValueId image, std::vector<double> mean, std::vector<double> std);
  void read_nodes();
  void read_node(const onnx::NodeProto& proto);
  Known stand_in(const onnx::NodeProto& proto);
  void read_outputs();
  void report(ErrorKind kind, const std::string& problem);
  std::set<const onnx::NodeProto*> needed_nodes() const;
  void charge(const graph::Tensor& tensor);

  const Known& known(const std::string& name) const;
  graph::ValueId activation(const std::string& name);
  bool is_constant(const std::string& name) const;
  const graph::Tensor& constant(const std::string& name) const;
  std::vector<int64_t> integers(const std::string& name) const;
  // An attribute up to some opset, an input since.
  std::optional<std::vector<int64_t>> integers(const NodeView& node, const char* attribute, int input) const;
  float scalar(const std::string& name) const;
  std::string fresh_name(const std::string& wanted) const;
  std::string name_of(const NodeView& node) const;
  graph::ValueId add_tensor(graph::ValueKind kind, const std::string& name, graph::Tensor tensor);
  graph::ValueId add_source(graph::ValueKind kind, const std::string& constant);
  const graph::Shape& shape(graph::ValueId value) const { return network_.graph.value(value).type.shape; }
  Known add(graph::Op op, const NodeView& node, std::vector<graph::ValueId> inputs,
            graph::Attributes attributes = {});

  // import_ops.cc
  Known read_op(const NodeView& node);
  Known read_conv(const NodeView& node);
  Known read_batch_norm(const NodeView& node);
  Known read_add(const NodeView& node);
  Known read_bias(Layer layer, const std::string& bias);
  Known read_clip(const NodeView& node);
  Known read_pool(const NodeView& node);
  Known read_reduce_mean(const NodeView& node);
  Known read_linear(const NodeView& node);
  Known read_pixels(const NodeView& node);
  std::vector<int64_t> pads_of(const NodeView& node, const graph::Shape& x,
                               const std::vector<int64_t>& kernel, const std::vector<int64_t>& strides,
                               const std::vector<int64_t>& dilations);

  // import_shapes.cc
  std::optional<Known> fold(const NodeView& node);
  std::optional<Known> fold_integers(const NodeView& node);
  Known read_reshape(const NodeView& node);
  Known read_flatten(const NodeView& node);
  Known read_slice(const NodeView& node);
  Known read_pad(const NodeView& node);

  // import_quant.cc
  graph::ValueId weight(const std::string& name);
  Known read_quantize(const NodeView& node);
  Known read_dequantize(const NodeView& node);
  Known read_qonnx(const NodeView& node);
  Known read_bipolar(const NodeView& node);
  Known read_scaled(const NodeView& node);
  Known clip_codes(Codes codes, const std::string& low, const std::string& high);
  Known quantized_activation(const NodeView& node, const Codes& codes);

  const onnx::ModelProto& model_;
  std::string origin_;
  const ImportOptions& options_;
  int64_t opset_ = 0;
  bool takes_raw_pixels_ = false;  // the file says so itself: PACT wrote it
  int64_t fixed_batch_ = graph::kBatch;
  std::optional<graph::ValueId> image_;
  std::map<std::string, Known> known_;
  std::map<std::string, graph::ValueId> sources_;  // constants that are in the graph as they are
  graph::Network network_;
  size_t copied_bytes_ = 0;
  std::vector<std::string> problems_;
  ErrorKind kind_ = ErrorKind::bad_input;
};

}  // namespace pact::onnx_io
