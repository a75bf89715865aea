// How the training kernels walk a tensor whose channel runs fastest: in blocks of fixed size, so that sums
// are formed in one order, whatever the number of threads.
#pragma once

#include <algorithm>
#include <vector>

#include "train/torch.h"

namespace pact::train {

// A tensor of `elements` cut into blocks of whole pixels, each a main part in wide rows and a rest.
struct Layout {
  static constexpr int64_t kLanes = 256;  // aimed at
  static constexpr int64_t kBlockElements = 1 << 16;

  Layout(int64_t elements, int64_t channels_)
      : channels(channels_), pixels(elements / std::max<int64_t>(channels_, 1)) {
    repeats = std::max<int64_t>(1, kLanes / channels);
    width = channels * repeats;
    block_pixels = std::max<int64_t>(1, kBlockElements / width) * repeats;
    blocks = (pixels + block_pixels - 1) / block_pixels;
  }

  // Calls work(first element, count, width) once or twice for block b.
  template <typename Work>
  void for_parts(int64_t b, const Work& work) const {
    const int64_t begin = b * block_pixels, end = std::min(pixels, begin + block_pixels);
    const int64_t whole = (end - begin) / repeats * repeats;
    if (whole) work(begin * channels, whole * channels, width);
    const int64_t rest = end - begin - whole;
    if (rest) work((begin + whole) * channels, rest * channels, rest * channels);
  }

  // `values` per channel, repeated over the lanes.
  template <typename Number>
  std::vector<float> spread(const std::vector<Number>& values) const {
    std::vector<float> lanes(static_cast<size_t>(width));
    for (int64_t l = 0; l < width; ++l)
      lanes[static_cast<size_t>(l)] = static_cast<float>(values[static_cast<size_t>(l % channels)]);
    return lanes;
  }

  int64_t channels, pixels, repeats, width, block_pixels, blocks;
};

// `kinds` sums per channel: every block adds into its own lanes, then blocks and lanes are added in fixed
// order.
class BlockSums {
 public:
  BlockSums(const Layout& layout, int kinds)
      : layout_(layout), kinds_(kinds), lanes_(static_cast<size_t>(layout.blocks * kinds * layout.width)) {}

  float* lanes(int64_t block, int kind) { return lanes_.data() + (block * kinds_ + kind) * layout_.width; }

  std::vector<double> per_channel(int kind) {
    std::vector<double> sums(static_cast<size_t>(layout_.channels));
    for (int64_t b = 0; b < layout_.blocks; ++b) {
      const float* lane = lanes(b, kind);
      for (int64_t l = 0; l < layout_.width; ++l)
        sums[static_cast<size_t>(l % layout_.channels)] += static_cast<double>(lane[l]);
    }
    return sums;
  }

 private:
  const Layout& layout_;
  int kinds_;
  std::vector<float> lanes_;
};

template <typename Work>
void for_blocks(const Layout& layout, const Work& work) {
  at::parallel_for(0, layout.blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) work(b);
  });
}

}  // namespace pact::train
