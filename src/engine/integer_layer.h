// An integer layer in the form that kernels/integer_conv wants: weights as packed multiplicands, the windows as
// tables of offsets into a padded image of 16-bit integers, and the cut into pieces of work.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/steps.h"

namespace pact::engine {

// A linear layer is a convolution of one image of max_batch rows and one column.
struct ConvShape {
  int64_t channels = 1, height = 1, width = 1;
  int64_t outputs = 1, out_height = 1, out_width = 1;
  int64_t kernel_height = 1, kernel_width = 1;
  int64_t stride_y = 1, stride_x = 1, dilation_y = 1, dilation_x = 1;
  int64_t top = 0, left = 0, bottom = 0, right = 0;
  int64_t groups = 1;

  int64_t padded_width() const { return left + width + right; }
  int64_t padded_height() const { return top + height + bottom; }
  int64_t padded_count() const { return padded_height() * padded_width() * channels; }
  int64_t group_channels() const { return channels / groups; }
  int64_t group_outputs() const { return outputs / groups; }
  bool is_depthwise() const { return groups > 1 && groups == channels && groups == outputs; }
};

// Some output channels of one group, computed together.
struct Slab {
  int64_t first = 0, width = 0;  // output channels
  int64_t input = 0;             // offset of the group's first input channel
  size_t weights = 0;            // offset into IntegerLayer::weights
  int64_t stride = 0;            // accumulators of one pixel: `width`, filled up to blocks
};

struct IntegerLayer {
  ConvShape shape;
  std::vector<int16_t> weights;
  std::vector<int16_t> zero;      // of each input channel; empty: all 0
  std::vector<int64_t> segments;  // offsets into the padded image
  int64_t length = 0;             // as IntegerWindows::length
  int64_t block_weights = 0;      // weights of a block of output channels
  std::vector<int64_t> pixels;    // offsets of the windows of rows_per_piece output rows
  int64_t rows_per_piece = 1;
  std::vector<Slab> slabs;

  int64_t row_pieces(int64_t rows) const { return (rows + rows_per_piece - 1) / rows_per_piece; }
  size_t accumulator_count() const;  // of the largest piece
};

ConvShape conv_shape_of(const StepContext& context, const graph::Node& node);

// Throws Error when a weight code lies outside its grid, or when codes exist whose accumulator leaves int32.
IntegerLayer make_integer_layer(const StepContext& context, const graph::Node& node);

}  // namespace pact::engine
