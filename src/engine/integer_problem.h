// An integer layer as the algorithms for its product see it: extents, weights as multiplicands, and which
// codes may come in. It knows nothing of what happens to the accumulators.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/steps.h"

namespace pact::engine {

// A linear layer is a convolution of one image with a row for each of the most images, and one column.
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
  int64_t taps() const { return kernel_height * kernel_width; }
  bool is_depthwise() const { return groups > 1 && groups == channels && groups == outputs; }
  bool has_padding() const { return top + left + bottom + right > 0; }
};

struct IntegerProblem {
  ConvShape shape;
  // accumulator[o] = sum over c, i, j of weights[o][c][i][j] * (code - zero[c]); padding has code zero[c].
  std::vector<int16_t>
      weights;                // [outputs][group_channels][kernel_height][kernel_width], at most 255 in size
  int weight_bits = 8;        // of the codes that they come from
  std::vector<int16_t> zero;  // of each input channel; empty: all 0
  bool has_signed_codes = false;
  int least_code = 0, largest_code = 255;  // of the input, as its grid has them
  bool is_linear = false;
  int64_t images = 1;  // at most, in one run
  int threads = 1;
  Isa isa = Isa::portable;

  int64_t zero_of(int64_t channel) const { return zero.empty() ? 0 : zero[static_cast<size_t>(channel)]; }
  int16_t weight(int64_t o, int64_t c, int64_t i, int64_t j) const {
    return weights[static_cast<size_t>(
        ((o * shape.group_channels() + c) * shape.kernel_height + i) * shape.kernel_width + j)];
  }
};

// Throws Error when a weight code lies outside its grid, or when codes exist whose accumulator leaves int32.
IntegerProblem make_integer_problem(const StepContext& context, const graph::Node& node);

}  // namespace pact::engine
