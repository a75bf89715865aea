#include "engine/windows.h"

namespace pact::engine {

Windows make_windows(const ConvShape& s, int64_t rows_per_piece) {
  Windows windows;
  const bool rows = rows_are_segments(s);
  windows.segment_length = (rows ? s.kernel_width : 1) * s.group_channels();
  if (rows && s.stride_x == 1) windows.step = s.channels;
  for (int64_t i = 0; i < s.kernel_height; ++i)
    for (int64_t j = 0; j < (rows ? 1 : s.kernel_width); ++j)
      windows.segments.push_back((i * s.dilation_y * s.padded_width() + j * s.dilation_x) * s.channels);
  for (int64_t row = 0; row < rows_per_piece; ++row)
    for (int64_t column = 0; column < s.out_width; ++column)
      windows.pixels.push_back((row * s.stride_y * s.padded_width() + column * s.stride_x) * s.channels);
  return windows;
}

KernelRows rows_within(const ConvShape& s, int64_t row) {
  KernelRows rows;
  for (int64_t i = 0; i < s.kernel_height; ++i) {
    const int64_t y = row * s.stride_y - s.top + i * s.dilation_y;
    if (y < 0) rows.first = i + 1;
    if (y >= 0 && y < s.height) ++rows.count;
  }
  return rows;
}

}  // namespace pact::engine
