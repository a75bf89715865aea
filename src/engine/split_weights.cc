#include "engine/split_weights.h"

#include <algorithm>

#include "kernels/split_conv/split_conv.h"

namespace pact::engine {
namespace {

constexpr size_t kFour = 4 * kernels::SplitConvKernels::kBlock;  // weights of a turn
constexpr int kLargestPair = kernels::SplitConvKernels::kLargestPair;

bool is_heavy(int first, int second) {
  const int above = std::max(first, 0) + std::max(second, 0),
            below = std::min(first, 0) + std::min(second, 0);
  return above > kLargestPair || below < -kLargestPair;
}

bool has_heavy_pairs(std::span<const int8_t> turn) {
  for (size_t i = 0; i < turn.size(); i += 2)
    if (is_heavy(turn[i], turn[i + 1])) return true;
  return false;
}

}  // namespace

double extra_share(std::span<const int8_t> weights) {
  size_t extra = 0;
  for (size_t turn = 0; turn < weights.size(); turn += kFour)
    extra += has_heavy_pairs(weights.subspan(turn, kFour)) ? 1 : 0;
  return static_cast<double>(extra * kFour) / static_cast<double>(weights.size());
}

ExtraTurns split(std::span<int8_t> weights, std::span<const int64_t> segments, int64_t fours) {
  ExtraTurns extra{.weights = {}, .offsets = {}, .begin = {0}};
  for (size_t at = 0; at < weights.size();) {
    for (const int64_t segment : segments)
      for (int64_t four = 0; four < fours; ++four, at += kFour) {
        const std::span<int8_t> turn = weights.subspan(at, kFour);
        if (!has_heavy_pairs(turn)) continue;
        extra.offsets.push_back(segment + 4 * four);
        const size_t first = extra.weights.size();
        extra.weights.resize(first + kFour, 0);
        for (size_t i = 0; i < kFour; i += 2)
          if (is_heavy(turn[i], turn[i + 1]))
            for (const size_t j : {i, i + 1}) {
              extra.weights[first + j] = static_cast<int8_t>(turn[j] / 2);
              turn[j] = static_cast<int8_t>(turn[j] - extra.weights[first + j]);
            }
      }
    extra.begin.push_back(static_cast<int64_t>(extra.offsets.size()));
  }
  return extra;
}

}  // namespace pact::engine
