#include "engine/integer_layer.h"

#include <limits>

#include "base/error.h"
#include "graph/grids.h"
#include "quant/grid.h"

namespace pact::engine {
namespace {

using graph::DataType;
using graph::Node;
using graph::Op;
using graph::Shape;

constexpr int64_t kBlock = kernels::IntegerConvKernels::kBlock;
constexpr int64_t kPixelsPerPiece = 64;  // with kSlab channels: 16 KB of accumulators, half of an L1
constexpr int64_t kSlab = 64;

std::vector<int16_t> multiplicands_of(const StepContext& context, const Node& node) {
  const quant::Grid grid = weight_grid_of(node);
  const graph::Tensor& tensor = context.tensor_of(node, node.inputs[1]);
  std::vector<int16_t> multiplicands;
  multiplicands.reserve(tensor.bytes.size());
  for (size_t i = 0; i < tensor.bytes.size(); ++i) {
    const int code = code_at(tensor, i);
    if (code < grid.min_code() || code > grid.max_code())
      fail("node '{}': weight code {} lies outside its grid, {} to {}", node.name, code, grid.min_code(),
           grid.max_code());
    multiplicands.push_back(static_cast<int16_t>(grid.multiplicand(code)));
  }
  return multiplicands;
}

void require_fit(const Node& node, const ConvShape& s, std::span<const int16_t> weights,
                 std::span<const int16_t> zero) {
  const int64_t taps = s.kernel_height * s.kernel_width;
  for (int64_t o = 0; o < s.outputs; ++o) {
    int64_t bound = 0;
    for (int64_t c = 0; c < s.group_channels(); ++c) {
      const int64_t channel = o / s.group_outputs() * s.group_channels() + c;
      const int64_t z = zero.empty() ? 0 : zero[static_cast<size_t>(channel)];
      const int64_t largest = std::max(z, 255 - z);  // of |code - zero|; i8 codes stay below, too
      for (int64_t tap = 0; tap < taps; ++tap)
        bound += largest * std::abs(weights[static_cast<size_t>((o * s.group_channels() + c) * taps + tap)]);
    }
    if (bound > std::numeric_limits<int32_t>::max())
      fail(ErrorKind::unsupported, "node '{}': accumulators of output channel {} may reach {}, beyond int32",
           node.name, o, bound);
  }
}

// Whether the taps of one kernel row are contiguous in the image, for all channels: then a row is one segment.
bool rows_are_segments(const ConvShape& s) { return s.groups == 1 && s.dilation_x == 1; }

void pack_blocks(IntegerLayer& layer, std::span<const int16_t> weights) {
  const ConvShape& s = layer.shape;
  const bool rows = rows_are_segments(s);
  const int64_t blocks = (s.group_outputs() + kBlock - 1) / kBlock;
  layer.length = ((rows ? s.kernel_width : 1) * s.group_channels() + 1) / 2;
  layer.block_weights = static_cast<int64_t>(layer.segments.size()) * layer.length * 2 * kBlock;
  layer.weights.assign(static_cast<size_t>(s.groups * blocks * layer.block_weights), 0);
  size_t from = 0;
  for (int64_t o = 0; o < s.outputs; ++o) {
    const int64_t group = o / s.group_outputs(), inside = o % s.group_outputs();
    int16_t* block = layer.weights.data() + (group * blocks + inside / kBlock) * layer.block_weights;
    for (int64_t c = 0; c < s.group_channels(); ++c)
      for (int64_t i = 0; i < s.kernel_height; ++i)
        for (int64_t j = 0; j < s.kernel_width; ++j, ++from) {
          const int64_t segment = rows ? i : i * s.kernel_width + j;
          const int64_t element = rows ? j * s.channels + c : c;
          block[((segment * layer.length + element / 2) * kBlock + inside % kBlock) * 2 + element % 2] =
              weights[from];
        }
  }
}

void pack_depthwise(IntegerLayer& layer, std::span<const int16_t> weights) {
  const ConvShape& s = layer.shape;
  const int64_t taps = s.kernel_height * s.kernel_width;
  layer.length = s.channels;
  layer.weights.resize(weights.size());
  for (int64_t c = 0; c < s.channels; ++c)
    for (int64_t tap = 0; tap < taps; ++tap)
      layer.weights[static_cast<size_t>(tap * s.channels + c)] = weights[static_cast<size_t>(c * taps + tap)];
}

void cut_slabs(IntegerLayer& layer, int64_t widest) {
  const ConvShape& s = layer.shape;
  layer.slabs.clear();
  if (s.is_depthwise()) {
    layer.slabs.push_back({.first = 0, .width = s.outputs, .input = 0, .weights = 0, .stride = s.outputs});
    return;
  }
  const int64_t blocks = (s.group_outputs() + kBlock - 1) / kBlock;
  for (int64_t group = 0; group < s.groups; ++group)
    for (int64_t first = 0; first < s.group_outputs(); first += widest) {
      const int64_t width = std::min(widest, s.group_outputs() - first);
      layer.slabs.push_back(
          {.first = group * s.group_outputs() + first,
           .width = width,
           .input = group * s.group_channels(),
           .weights = static_cast<size_t>((group * blocks + first / kBlock) * layer.block_weights),
           .stride = (width + kBlock - 1) / kBlock * kBlock});
    }
}

// Pieces small enough that every thread gets some of one image.
void cut_pieces(IntegerLayer& layer, int threads) {
  const ConvShape& s = layer.shape;
  layer.rows_per_piece = std::clamp<int64_t>(kPixelsPerPiece / s.out_width, 1, s.out_height);
  cut_slabs(layer, kSlab);
  const auto pieces = [&] {
    return static_cast<int64_t>(layer.slabs.size()) * layer.row_pieces(s.out_height);
  };
  if (threads > 1) {
    for (int64_t widest = kSlab / 2; widest >= kBlock && pieces() < 2 * threads; widest /= 2)
      cut_slabs(layer, widest);
    while (layer.rows_per_piece > 1 && pieces() < 2 * threads)
      layer.rows_per_piece = (layer.rows_per_piece + 1) / 2;
  }
  for (int64_t row = 0; row < layer.rows_per_piece; ++row)
    for (int64_t column = 0; column < s.out_width; ++column)
      layer.pixels.push_back((row * s.stride_y * s.padded_width() + column * s.stride_x) * s.channels);
}

}  // namespace

size_t IntegerLayer::accumulator_count() const {
  int64_t widest = 0;
  for (const Slab& slab : slabs) widest = std::max(widest, slab.stride);
  return pixels.size() * static_cast<size_t>(widest);
}

ConvShape conv_shape_of(const StepContext& context, const Node& node) {
  const Shape& x = context.type_of(node.inputs[0]).shape;
  const Shape& y = context.type_of(node.output).shape;
  if (node.op == Op::integer_linear)
    return {.channels = x[1], .height = context.max_batch, .outputs = y[1], .out_height = context.max_batch};
  const Shape& weight = context.type_of(node.inputs[1]).shape;
  const auto& strides = node.integers("strides");
  const auto& dilations = node.integers("dilations");
  const auto& pads = node.integers("pads");
  return {.channels = x[1],
          .height = x[2],
          .width = x[3],
          .outputs = y[1],
          .out_height = y[2],
          .out_width = y[3],
          .kernel_height = weight[2],
          .kernel_width = weight[3],
          .stride_y = strides[0],
          .stride_x = strides[1],
          .dilation_y = dilations[0],
          .dilation_x = dilations[1],
          .top = pads[0],
          .left = pads[1],
          .bottom = pads[2],
          .right = pads[3],
          .groups = node.integer("groups")};
}

IntegerLayer make_integer_layer(const StepContext& context, const Node& node) {
  IntegerLayer layer;
  layer.shape = conv_shape_of(context, node);
  const ConvShape& s = layer.shape;
  if (node.op == Op::integer_conv2d)
    for (const int64_t code : node.integers("input_zero")) layer.zero.push_back(static_cast<int16_t>(code));
  if (std::ranges::all_of(layer.zero, [](int16_t code) { return code == 0; })) layer.zero.clear();
  const std::vector<int16_t> weights = multiplicands_of(context, node);
  require_fit(node, s, weights, layer.zero);

  const int64_t columns = rows_are_segments(s) ? 1 : s.kernel_width;
  for (int64_t i = 0; i < s.kernel_height; ++i)
    for (int64_t j = 0; j < columns; ++j)
      layer.segments.push_back((i * s.dilation_y * s.padded_width() + j * s.dilation_x) * s.channels);
  s.is_depthwise() ? pack_depthwise(layer, weights) : pack_blocks(layer, weights);
  cut_pieces(layer, context.threads);
  return layer;
}

}  // namespace pact::engine
