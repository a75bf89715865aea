// The step of an integer layer and what is fused with it. For each image: the codes are widened into a padded
// image of 16-bit integers; then piece by piece the accumulators of some rows and channels are computed and, while
// they are in the cache, turned into what is asked for.
//
// With several images per thread each thread computes images of its own; otherwise the threads share the pieces
// of one image after the other.
#include <cstring>
#include <memory>

#include "engine/integer_layer.h"
#include "graph/rules.h"

namespace pact::engine {
namespace {

using graph::Node;
using graph::ValueId;

constexpr int64_t kPeriod = 64;  // what a run of channels is repeated up to, for long vector loops

class IntegerStep {
 public:
  IntegerStep(const StepContext& context, const Fusion& fusion);

  void run(const Workspace& workspace) const;
  size_t scratch_bytes() const { return accumulator_bytes_ + padded_bytes_; }
  std::string algorithm() const;

 private:
  void widen_row(const std::byte* image, int64_t row, int16_t* padded) const;
  // Piece `index` of image `image`.
  void compute(const Workspace& workspace, int64_t image, int64_t index, const int16_t* padded,
               int32_t* accumulators) const;
  void multiply(const Slab& slab, int64_t pixels, const int16_t* x, int32_t* accumulators) const;
  void finish(const Workspace& workspace, const Slab& slab, int64_t pixels, int64_t first_pixel,
              const int32_t* accumulators) const;
  int16_t* padded_of(const Workspace& workspace, int worker) const {
    return reinterpret_cast<int16_t*>(workspace.scratch_of(worker) + accumulator_bytes_);
  }
  int32_t* accumulators_of(const Workspace& workspace, int worker) const {
    return reinterpret_cast<int32_t*>(workspace.scratch_of(worker));
  }

  const kernels::IntegerConvKernels& kernels_;
  Fusion fusion_;
  IntegerLayer layer_;
  bool is_linear_, is_signed_;
  ValueId input_;
  size_t accumulator_bytes_, padded_bytes_;
  kernels::Requantize requantize_;         // all but pointers and extents
  std::vector<float> multiplier_, bias_;  // of the channels, repeated up to kPeriod
};

size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

IntegerStep::IntegerStep(const StepContext& context, const Fusion& fusion)
    : kernels_(context.kernels), fusion_(fusion) {
  const graph::Graph& graph = context.network.graph;
  const Node& node = graph.node(fusion.layer);
  layer_ = make_integer_layer(context, node);
  is_linear_ = node.op == graph::Op::integer_linear;
  input_ = node.inputs[0];
  is_signed_ = context.type_of(input_).dtype == graph::DataType::i8;
  accumulator_bytes_ = aligned(layer_.accumulator_count() * sizeof(int32_t));
  padded_bytes_ = aligned(static_cast<size_t>(layer_.shape.padded_count() + 1) * sizeof(int16_t));
  if (fusion.quantize != graph::kNoNode) requantize_ = codes_on_grid(graph.node(fusion.quantize));
  if (fusion.relu != graph::kNoNode) requantize_.activation = kernels::Activation::relu;
  if (fusion.rescale == graph::kNoNode) return;
  const Node& rescale = graph.node(fusion.rescale);
  const auto multiplier = context.tensor_of(rescale, rescale.inputs[1]).as<float>();
  const auto bias = context.tensor_of(rescale, rescale.inputs[2]).as<float>();
  do {
    multiplier_.insert(multiplier_.end(), multiplier.begin(), multiplier.end());
    bias_.insert(bias_.end(), bias.begin(), bias.end());
  } while (static_cast<int64_t>(multiplier_.size()) < kPeriod);
}

std::string IntegerStep::algorithm() const {
  std::string name = layer_.shape.is_depthwise() ? "depthwise" : "implicit gemm, 16 bit";
  if (fusion_.add != graph::kNoNode) name += " + add";
  if (fusion_.relu != graph::kNoNode) name += " + relu";
  if (fusion_.quantize != graph::kNoNode) name += " + quantize";
  return name;
}

void IntegerStep::widen_row(const std::byte* image, int64_t row, int16_t* padded) const {
  const ConvShape& s = layer_.shape;
  int16_t* out = padded + row * s.padded_width() * s.channels;
  const int64_t y = row - s.top;
  if (y < 0 || y >= s.height) {
    std::memset(out, 0, static_cast<size_t>(s.padded_width() * s.channels) * sizeof(int16_t));
    return;
  }
  const int64_t left = s.left * s.channels, count = s.width * s.channels;
  const std::byte* codes = image + y * count;
  std::memset(out, 0, static_cast<size_t>(left) * sizeof(int16_t));
  out += left;
  if (is_signed_)
    kernels_.widen_i8(count, reinterpret_cast<const int8_t*>(codes), out);
  else
    kernels_.widen_u8(count, reinterpret_cast<const uint8_t*>(codes), out);
  if (!layer_.zero.empty())
    for (int64_t i = 0; i < count; i += s.channels)
      for (int64_t c = 0; c < s.channels; ++c)
        out[i + c] = static_cast<int16_t>(out[i + c] - layer_.zero[static_cast<size_t>(c)]);
  std::memset(out + count, 0, static_cast<size_t>(s.right * s.channels) * sizeof(int16_t));
}

void IntegerStep::multiply(const Slab& slab, int64_t pixels, const int16_t* x, int32_t* accumulators) const {
  kernels::IntegerWindows windows{.x = x,
                                  .pixels = layer_.pixels.data(),
                                  .pixel_count = pixels,
                                  .segments = layer_.segments.data(),
                                  .segment_count = static_cast<int64_t>(layer_.segments.size()),
                                  .length = layer_.length,
                                  .weights = layer_.weights.data() + slab.weights,
                                  .accumulators = accumulators,
                                  .stride = slab.stride};
  if (layer_.shape.is_depthwise()) {
    kernels_.depthwise(windows);
    return;
  }
  for (int64_t o = 0; o < slab.stride; o += kernels::IntegerConvKernels::kBlock) {
    kernels_.multiply(windows);
    windows.weights += layer_.block_weights;
    windows.accumulators += kernels::IntegerConvKernels::kBlock;
  }
}

void IntegerStep::finish(const Workspace& workspace, const Slab& slab, int64_t pixels, int64_t first_pixel,
                         const int32_t* accumulators) const {
  const int64_t outputs = layer_.shape.outputs;
  const int64_t first = first_pixel * outputs + slab.first;
  if (fusion_.accumulators != kNoValue) {
    int32_t* out = workspace.at<int32_t>(fusion_.accumulators) + first;
    for (int64_t p = 0; p < pixels; ++p)
      std::memcpy(out + p * outputs, accumulators + p * slab.stride,
                  static_cast<size_t>(slab.width) * sizeof(int32_t));
    return;
  }
  kernels::Requantize r = requantize_;
  r.rows = pixels;
  r.width = slab.width;
  r.stride = outputs;
  r.accumulators = accumulators;
  r.accumulator_stride = slab.stride;
  r.multiplier = multiplier_.data() + slab.first;
  r.bias = bias_.data() + slab.first;
  if (fusion_.shortcut != kNoValue) r.shortcut = workspace.at<float>(fusion_.shortcut) + first;
  if (fusion_.real != kNoValue) r.real = workspace.at<float>(fusion_.real) + first;
  if (fusion_.codes != kNoValue) r.codes = workspace.at<uint8_t>(fusion_.codes) + first;
  const auto period = static_cast<int64_t>(multiplier_.size());
  if (slab.stride != outputs || slab.width != outputs || period == outputs) {
    kernels_.requantize(r);
    return;
  }
  // Accumulators and outputs are contiguous: rows of several pixels, and a shorter last one.
  const int64_t total = pixels * outputs;
  r.rows = total / period;
  r.width = r.stride = r.accumulator_stride = period;
  kernels_.requantize(r);
  const int64_t done = r.rows * period;
  r.rows = 1;
  r.width = total - done;
  r.accumulators += done;
  if (r.shortcut) r.shortcut += done;
  if (r.real) r.real += done;
  if (r.codes) r.codes += done;
  if (r.width > 0) kernels_.requantize(r);
}

void IntegerStep::compute(const Workspace& workspace, int64_t image, int64_t index, const int16_t* padded,
                          int32_t* accumulators) const {
  const ConvShape& s = layer_.shape;
  const int64_t rows = is_linear_ ? workspace.batch : s.out_height;
  const int64_t pieces = layer_.row_pieces(rows);
  const Slab& slab = layer_.slabs[static_cast<size_t>(index / pieces)];
  const int64_t row = index % pieces * layer_.rows_per_piece;
  const int64_t pixels = std::min(layer_.rows_per_piece, rows - row) * s.out_width;
  multiply(slab, pixels, padded + row * s.stride_y * s.padded_width() * s.channels + slab.input, accumulators);
  finish(workspace, slab, pixels, (image * s.out_height + row) * s.out_width, accumulators);
}

void IntegerStep::run(const Workspace& workspace) const {
  const ConvShape& s = layer_.shape;
  ThreadPool& pool = *workspace.pool;
  const int64_t images = is_linear_ ? 1 : workspace.batch;
  const int64_t padded_rows = is_linear_ ? workspace.batch : s.padded_height();
  const int64_t pieces = static_cast<int64_t>(layer_.slabs.size()) *
                         layer_.row_pieces(is_linear_ ? workspace.batch : s.out_height);
  const auto image_at = [&](int64_t image) {
    return workspace.at<std::byte>(input_) + image * s.height * s.width * s.channels;
  };
  if (images >= 2 * pool.threads()) {
    pool.parallel_for(images, [&](int64_t image, int worker) {
      int16_t* padded = padded_of(workspace, worker);
      for (int64_t row = 0; row < padded_rows; ++row) widen_row(image_at(image), row, padded);
      for (int64_t piece = 0; piece < pieces; ++piece)
        compute(workspace, image, piece, padded, accumulators_of(workspace, worker));
    });
    return;
  }
  int16_t* padded = padded_of(workspace, 0);
  for (int64_t image = 0; image < images; ++image) {
    for_ranges(workspace, padded_rows, std::max<int64_t>(1, 16384 / (s.padded_width() * s.channels)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t row = begin; row < end; ++row) widen_row(image_at(image), row, padded);
               });
    pool.parallel_for(pieces, [&](int64_t piece, int worker) {
      compute(workspace, image, piece, padded, accumulators_of(workspace, worker));
    });
  }
}

}  // namespace

Step make_integer_step(const StepContext& context, const Fusion& fusion) {
  const graph::Graph& graph = context.network.graph;
  const Node& node = graph.node(fusion.layer);
  const auto integer = std::make_shared<const IntegerStep>(context, fusion);
  Step step;
  step.name = node.name;
  step.algorithm = integer->algorithm();
  step.macs = macs_per_image(graph, node);
  step.scratch_bytes = integer->scratch_bytes();
  step.reads = {node.inputs[0]};
  if (fusion.shortcut != kNoValue) step.reads.push_back(fusion.shortcut);
  for (const ValueId value : {fusion.accumulators, fusion.real, fusion.codes})
    if (value != kNoValue) step.writes.push_back(value);
  step.run = [integer](const Workspace& workspace) { integer->run(workspace); };
  return step;
}

}  // namespace pact::engine
