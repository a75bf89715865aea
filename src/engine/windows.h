// The windows of a convolution over a padded image, as offsets. The window of an output pixel is a few
// contiguous segments of the image: its rows, or single taps where those of a row do not lie side by side.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/integer_problem.h"

namespace pact::engine {

// Whether the taps of one kernel row are contiguous in the image, for all channels: then a row is one
// segment.
inline bool rows_are_segments(const ConvShape& s) { return s.groups == 1 && s.dilation_x == 1; }

struct Windows {
  std::vector<int64_t> segments;  // from the first element of the window
  std::vector<int64_t> pixels;    // of each window, from that of the first pixel of the piece
  int64_t segment_length = 0;     // elements
  // Elements between the windows of neighbours in a row, where segments are rows of pixels as far apart; else 0.
  int64_t step = 0;
};

Windows make_windows(const ConvShape& shape, int64_t rows_per_piece);

// Rows of the kernel; where a window reaches beyond the image, the others lie above or below it.
struct KernelRows {
  int64_t first = 0, count = 0;

  bool operator==(const KernelRows&) const = default;
};

// Those within the image for the windows of a row of the output.
KernelRows rows_within(const ConvShape& shape, int64_t row);

// Where a piece begins in the padded image.
inline int64_t first_element(const ConvShape& s, int64_t row, int64_t group) {
  return row * s.stride_y * s.padded_width() * s.channels + group * s.group_channels();
}

// visit(o, segment, element, weight) for each weight.
template <typename Visit>
void for_weights(const IntegerProblem& problem, const Visit& visit) {
  const ConvShape& s = problem.shape;
  const bool rows = rows_are_segments(s);
  for (int64_t o = 0; o < s.outputs; ++o)
    for (int64_t c = 0; c < s.group_channels(); ++c)
      for (int64_t i = 0; i < s.kernel_height; ++i)
        for (int64_t j = 0; j < s.kernel_width; ++j)
          visit(o, rows ? i : i * s.kernel_width + j, rows ? j * s.channels + c : c,
                problem.weight(o, c, i, j));
}

}  // namespace pact::engine
