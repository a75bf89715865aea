#include "kernels/winograd/weights.h"

#include <array>

#include "base/error.h"

namespace pact::kernels {
namespace {

using Axis = std::array<int, 3>;

// G, its rows multiplied with the smallest integers that leave integers in G and in A^T (portable.cc).
constexpr std::array<Axis, 4> kF2x2 = {{{2, 0, 0}, {1, 1, 1}, {1, -1, 1}, {0, 0, 2}}};
constexpr std::array<Axis, 6> kF4x4 = {
    {{6, 0, 0}, {-1, -1, -1}, {-1, 1, -1}, {1, 2, 4}, {1, -2, 4}, {0, 0, 6}}};

}  // namespace

std::vector<int16_t> winograd_weights(WinogradForm form, int64_t outputs, int64_t channels,
                                      std::span<const int16_t> multiplicands) {
  constexpr int64_t kBlock = WinogradKernels::kBlock;
  PACT_CHECK(static_cast<int64_t>(multiplicands.size()) == outputs * channels * 9);
  const std::span<const Axis> g = form == WinogradForm::f2x2 ? std::span<const Axis>(kF2x2) : kF4x4;
  const int64_t points = winograd_points(form), pairs = winograd_pairs(channels);
  const int64_t blocks = (outputs + kBlock - 1) / kBlock;
  std::vector<int16_t> packed(static_cast<size_t>(blocks * points * points * pairs * kBlock * 2), 0);
  for (int64_t o = 0; o < outputs; ++o)
    for (int64_t c = 0; c < channels; ++c) {
      const auto taps = multiplicands.subspan(static_cast<size_t>((o * channels + c) * 9), 9);
      for (int64_t p = 0; p < points; ++p)
        for (int64_t q = 0; q < points; ++q) {
          int sum = 0;
          for (size_t i = 0; i < 3; ++i)
            for (size_t j = 0; j < 3; ++j)
              sum += g[static_cast<size_t>(p)][i] * g[static_cast<size_t>(q)][j] * taps[i * 3 + j];
          const int64_t plane = o / kBlock * points * points + p * points + q;
          const int64_t at = ((plane * pairs + c / 2) * kBlock + o % kBlock) * 2 + c % 2;
          packed[static_cast<size_t>(at)] = static_cast<int16_t>(sum);
        }
    }
  return packed;
}

std::vector<int8_t> winograd_taps(int64_t outputs, int64_t channels, std::span<const int16_t> multiplicands) {
  constexpr int64_t kBlock = WinogradKernels::kBlock;
  PACT_CHECK(static_cast<int64_t>(multiplicands.size()) == outputs * channels * 9);
  const int64_t pairs = winograd_pairs(channels), blocks = (outputs + kBlock - 1) / kBlock;
  std::vector<int8_t> packed(static_cast<size_t>(blocks * pairs * 9 * kBlock * 2), 0);
  size_t from = 0;
  for (int64_t o = 0; o < outputs; ++o)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t tap = 0; tap < 9; ++tap) {
        const int64_t at = (((o / kBlock * pairs + c / 2) * 9 + tap) * kBlock + o % kBlock) * 2 + c % 2;
        packed[static_cast<size_t>(at)] = static_cast<int8_t>(multiplicands[from++]);
      }
  return packed;
}

}  // namespace pact::kernels
