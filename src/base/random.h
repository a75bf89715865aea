// Random numbers that are a pure function of (seed, stream): what a batch looks like depends on its number,
// not on which thread made it or on what was drawn before. That is what lets a killed run go on to the same
// bits.
#pragma once

#include <cmath>
#include <cstdint>

namespace pact {

// SplitMix64's finalizer (Steele, Lea, Flood 2014): a bijection of 64-bit words that mixes all bits.
constexpr uint64_t mix_bits(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

class Random {
 public:
  // One independent sequence per (seed, a, b), for example (seed, epoch, image).
  explicit Random(uint64_t seed, uint64_t a = 0, uint64_t b = 0)
      : state_(mix_bits(mix_bits(mix_bits(seed + kGolden) + a + kGolden) + b + kGolden)) {}

  uint64_t bits() { return mix_bits(state_ += kGolden); }

  // Uniform in [0, n), n > 0; the bias below n / 2^64 does not matter here.
  uint64_t below(uint64_t n) { return static_cast<uint64_t>((static_cast<Wide>(bits()) * n) >> 64); }

  // Uniform in [0, 1).
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }

  // Standard normal (Box-Muller).
  double normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(6.283185307179586 * uniform());
  }

 private:
  __extension__ using Wide = unsigned __int128;
  static constexpr uint64_t kGolden = 0x9e3779b97f4a7c15ull;
  uint64_t state_;
};

}  // namespace pact
