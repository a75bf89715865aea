// The weights of a Winograd convolution, transformed once, and whether its results are exact.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/winograd/winograd.h"

namespace pact::kernels {

// The largest |y| that comes out right (winograd.h).
constexpr int64_t winograd_bound(WinogradForm form) {
  return (int64_t{1} << (form == WinogradForm::f2x2 ? 29 : 25)) - 1;
}

// Pairs of channels; an odd last one gets a partner with weight 0.
constexpr int64_t winograd_pairs(int64_t channels) { return (channels + 1) / 2; }

// U = G g G^T of multiplicands [outputs][channels][3][3], |w| <= 255, packed [block][plane][pair][kBlock][2];
// the last block is filled up with zeros.
std::vector<int16_t> winograd_weights(WinogradForm form, int64_t outputs, int64_t channels,
                                      std::span<const int16_t> multiplicands);

// The multiplicands as they are, |w| <= 127, packed [block][pair][9][kBlock][2] for WinogradWeights.
std::vector<int8_t> winograd_taps(int64_t outputs, int64_t channels, std::span<const int16_t> multiplicands);

}  // namespace pact::kernels
