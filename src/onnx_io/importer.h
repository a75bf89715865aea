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
#include "onnx_io/external_data.h"
#include "onnx_io/import.h"
#include "onnx_io/model_reader.h"

namespace pact::onnx_io {

// Precedes the name under which the transpose of a constant is known.
inline constexpr const char* kTransposed = "\x01";
// Precedes the names of what lies between the nodes that an operator on codes stands for.
inline constexpr const char* kBetween = "\x02";

// A conv2d or linear without bias that waits for an Add that may bring it.
struct Layer {
  graph::Op op;
  std::string name;
  std::vector<graph::ValueId> inputs;
  graph::Attributes attributes;
};

// Codes of an activation, from QuantizeLinear on: clamp(nearbyint(x / step) + zero, low, high).
struct Codes {
  graph::ValueId x;
  float step;
  int zero, low, high;
};

// (image - mean[c]) / std[c] of raw pixels, waiting for further arithmetic of that kind.
struct InputPixels {
  std::vector<double> mean, std;
  bool is_channels_last = false;  // still to be transposed; the graph's own image is not
};

// x * factor[c] + term[c], waiting for more.
struct Affine {
  graph::ValueId x;
  std::vector<double> factors, terms;
};

// Zeros around an image, which a convolution takes as its own padding.
struct Padded {
  graph::ValueId x;
  std::vector<int64_t> before, after;
};

// Each element of a constant is an integer times the unit of its place along `axis`, or the only one. A constant of
// type i16 holds those integers themselves, as most weights of quantized files are kept: a quarter of the memory of
// their values.
struct Units {
  std::vector<float> each;
  size_t axis = 0;
};

// What a name of the file stands for: a value, a constant, or something that waits for its reader.
struct Known {
  std::optional<graph::ValueId> value = {};
  std::optional<graph::Tensor> constant = {};  // i64 ones may hold kBatch, from Shape; i16: see Units
  Units units = {};                            // with a constant; none: no such
  int code_bits = 8;                           // with a constant of codes: those of its type in the file
  std::optional<Layer> layer = {};
  std::optional<Codes> codes = {};
  std::optional<InputPixels> pixels = {};
  std::optional<Affine> affine = {};
  std::optional<Padded> padded = {};
  bool is_channels_last = false;     // with a value: the file has it as [N,H,W,C]
  graph::Shape flattened_from = {};  // with a value: [C,H,W] that the file has flattened as [H,W,C]
  bool is_broken = false;            // reported already
};

// Of something computed, in the file: how many axes, and which one has the channels. Where the graph has a
// matrix the file may have axes of extent 1 besides, as behind a global pool.
struct FileAxes {
  size_t rank = 2, channels = 1;
};

// The values of a constant that is kept as integers and their units.
graph::Tensor values_of(const Known& entry);

// Is `op` one that computes with codes, and one that only moves them or takes the largest?
bool is_qoperator(const std::string& op);
bool moves_codes(const std::string& op);

// Throws Error: a node asks for what this importer does not understand.
[[noreturn]] void refuse(const std::string& what);

// An axis as ONNX counts them, from the end where it is negative, from the front. Throws Error when there is none.
int64_t wrapped(int64_t axis, size_t rank);

// A name of the file as one that the graph admits.
std::string identifier_of(std::string_view name);

class Importer {
 public:
  Importer(onnx::ModelProto model, std::string_view origin, const ImportOptions& options);
  graph::Network run();

 private:
  // import.cc
  void read_constants();
  void read_input();
  Known read_input(const onnx::ValueInfoProto& input);
  bool is_transposed_to_channels_first(const std::string& name) const;
  graph::Tensor zeros_for(const onnx::TensorProto& proto);
  void read_shapes();
  void read_nodes();
  void read_node(const onnx::NodeProto& proto);
  Known stand_in(const onnx::NodeProto& proto);
  void read_outputs();
  void report(ErrorKind kind, const std::string& problem);
  std::set<const onnx::NodeProto*> needed_nodes() const;
  void drop_what_nobody_reads_again(const onnx::NodeProto& proto);
  void charge(int64_t elements, size_t element_bytes);
  // Before what read_node charges when it is there.
  void require_budget(int64_t elements, size_t element_bytes) const;
  void charge(const graph::Tensor& tensor) { charge(static_cast<int64_t>(tensor.bytes.size()), 1); }

  // import_known.cc
  const Known& known(const std::string& name) const;
  // The value of `name` in the layout of the graph; what waits becomes nodes.
  graph::ValueId activation(const std::string& name);
  graph::ValueId materialize(const std::string& name, const Known& entry);
  bool is_constant(const std::string& name) const;
  bool is_output(const std::string& name) const;
  FileAxes file_axes(const std::string& name) const;
  // A constant; one that is kept as integers and units becomes its values.
  const graph::Tensor& constant(const std::string& name) const;
  // As it is kept.
  const Known& stored(const std::string& name) const;
  std::vector<int64_t> integers(const std::string& name) const;
  // An attribute up to some opset, an input since.
  std::optional<std::vector<int64_t>> integers(const NodeView& node, const char* attribute, int input) const;
  float scalar(const std::string& name) const;
  std::string fresh_name(const std::string& wanted);
  std::string name_of(const NodeView& node);
  graph::ValueId add_tensor(graph::ValueKind kind, const std::string& name, graph::Tensor tensor);
  graph::ValueId add_source(graph::ValueKind kind, const std::string& constant);
  const graph::Shape& shape(graph::ValueId value) const { return network_.graph.value(value).type.shape; }
  Known add(graph::Op op, const NodeView& node, std::vector<graph::ValueId> inputs,
            graph::Attributes attributes = {});

  // import_ops.cc
  Known read_op(const NodeView& node);
  Known read_standard(const NodeView& node);
  Known read_conv(const NodeView& node);
  Known read_pointwise(const NodeView& node, graph::ValueId x);
  Known read_batch_norm(const NodeView& node);
  Known read_bias(Layer layer, const std::string& bias);
  Known read_linear(const NodeView& node);

  // import_pool.cc
  Known read_pool(const NodeView& node);
  Known read_global_max_pool(const NodeView& node);
  Known read_reduce_mean(const NodeView& node);
  std::vector<int64_t> pads_of(const NodeView& node, const graph::Shape& x,
                               const std::vector<int64_t>& kernel, const std::vector<int64_t>& strides,
                               const std::vector<int64_t>& dilations);

  // import_elementwise.cc
  Known read_sum(const NodeView& node);
  Known read_arithmetic(const NodeView& node);
  Known read_affine(const std::string& name, const std::vector<double>& factors,
                    const std::vector<double>& terms);
  Known read_clip(const NodeView& node);
  Known clipped(const NodeView& node, double low, double high);
  Known read_softmax(const NodeView& node);
  void require_not_columns(const std::string& constant, const std::string& x) const;
  std::vector<double> along_channels(const std::string& constant, const graph::Shape& x,
                                     bool is_channels_last) const;

  // import_fold.cc
  std::optional<Known> fold(const NodeView& node);
  Known fold_constant(const NodeView& node);
  Known fold_shape(const NodeView& node);
  std::optional<Known> fold_constants(const NodeView& node);
  std::optional<Known> fold_integers(const NodeView& node);
  Known fold_arithmetic(const NodeView& node);
  std::optional<Known> fold_multiplicands(const NodeView& node) const;
  Known fold_transpose(const NodeView& node);

  // import_shapes.cc
  Known read_reshape(const NodeView& node);
  Known read_squeeze(const NodeView& node);
  FileAxes axes_behind(const NodeView& node) const;
  Known read_flatten(const NodeView& node);
  Known flat(const NodeView& node, const Known& x);
  Known read_transpose(const NodeView& node);
  Known read_slice(const NodeView& node);
  Known read_pad(const NodeView& node);

  // import_quant.cc
  graph::ValueId weight(const std::string& name);
  graph::ValueId weight(const std::string& name, const Known& entry);
  Known read_quantize(const NodeView& node);
  Known read_dequantize(const NodeView& node);
  Known read_qonnx(const NodeView& node);
  Known read_bipolar(const NodeView& node);
  Known clip_codes(Codes codes, const std::string& low, const std::string& high) const;
  Known quantized_activation(const NodeView& node, const Codes& codes);
  // That codes are turned back by the scale and zero point that made them. Throws Error.
  void require_grid(const Codes& codes, const std::string& scale, const std::string& zero) const;

  // import_qoperator.cc
  Known read_qoperator(const NodeView& node);
  Known read_moved_codes(const NodeView& node);
  void read_part(const onnx::NodeProto& part);
  std::string read_values(const NodeView& node, int i, int64_t axis);
  std::string read_integer_bias(const NodeView& node, int i);

  // import_codes.cc
  Known fold_quantize(const NodeView& node);
  Known fold_dequantize(const NodeView& node);
  Known fold_qonnx(const NodeView& node);
  Known fold_bipolar(const NodeView& node);
  Codes qonnx_codes(const NodeView& node, float step) const;
  Units units_of(const std::string& scale, const graph::Shape& shape, int64_t axis) const;

  onnx::ModelProto model_;
  std::string origin_;
  const ImportOptions& options_;
  ExternalData external_;
  int64_t opset_ = 0;
  bool takes_raw_pixels_ = false;  // the file says so itself: PACT wrote it
  bool has_halves_ = false;        // real numbers of 16 bits
  int64_t missing_ = 0;            // tensors whose numbers are not there, where zeros stand for them
  std::string first_missing_;      // its name, and why
  int64_t fixed_batch_ = graph::kBatch;
  std::optional<graph::ValueId> image_;
  mutable std::map<std::string, Known> known_;  // by `constant` alone, which changes their form only
  std::map<std::string, int> readers_;          // inputs of nodes still to be read
  std::map<std::string, graph::Shape> shapes_;     // that the file states for what nodes compute
  std::map<std::string, FileAxes> file_axes_;      // of what nodes compute
  std::map<std::string, graph::ValueId> sources_;  // constants that are in the graph as they are
  std::map<std::string, int> name_counts_;
  graph::Network network_;
  double budget_bytes_ = 0;
  std::vector<std::string> problems_;
  ErrorKind kind_ = ErrorKind::bad_input;
};

}  // namespace pact::onnx_io
