#include "quant/weights.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/random.h"
#include "quant/tanh.h"

namespace pact::quant {
namespace {

constexpr WeightScheme kSchemes[] = {WeightScheme::dorefa, WeightScheme::sawb, WeightScheme::symmetric};

int least_bits(WeightScheme scheme) { return scheme == WeightScheme::symmetric ? 2 : 1; }

std::vector<float> normal_weights(size_t count, double deviation, uint64_t seed) {
  Random random(seed, count);
  std::vector<float> weights(count);
  for (float& w : weights) w = static_cast<float>(deviation * random.normal());
  return weights;
}

std::vector<int16_t> codes_for(const WeightGrid& grid, const std::vector<float>& weights) {
  std::vector<int16_t> codes(weights.size());
  quantize_weights(grid, weights, codes);
  return codes;
}

float max_magnitude(const std::vector<float>& weights) {
  float largest = 0.0f;
  for (const float w : weights) largest = std::max(largest, std::fabs(w));
  return largest;
}

double mean_squared_error(const Grid& grid, const std::vector<float>& weights) {
  double sum = 0.0;
  for (const float w : weights) {
    const double error = static_cast<double>(w) - static_cast<double>(grid.value_of(grid.code_of(w)));
    sum += error * error;
  }
  return sum / static_cast<double>(weights.size());
}

TEST(Weights, DorefaLevels) {
  const std::vector<float> weights = normal_weights(1000, 1.0, 9);
  const WeightGrid chosen = choose_weight_grid(WeightScheme::dorefa, 2, weights);
  const float expected[] = {-1.0f, -1.0f / 3, 1.0f / 3, 1.0f};
  for (int code = 0; code < 4; ++code) EXPECT_EQ(chosen.grid.value_of(code), expected[code]);
  for (int bits = 2; bits <= 8; ++bits) {
    const Grid grid = choose_weight_grid(WeightScheme::dorefa, bits, weights).grid;
    EXPECT_FLOAT_EQ(grid.value_of(0), -1.0f);
    EXPECT_FLOAT_EQ(grid.value_of(grid.max_code()), 1.0f);
  }
}

// w_q = 2 round(u (2^k - 1)) / (2^k - 1) - 1 with u = tanh(w) / (2 max|tanh w|) + 1/2
TEST(Weights, DorefaIsTheFormulaOfThePaper) {
  for (const uint64_t seed : {10u, 11u, 12u})
    for (int bits = 2; bits <= 8; ++bits) {
      SCOPED_TRACE(fmt::format("seed {}, {} bits", seed, bits));
      const std::vector<float> weights = normal_weights(3001, 0.7, seed);
      const WeightGrid chosen = choose_weight_grid(WeightScheme::dorefa, bits, weights);
      const std::vector<int16_t> codes = codes_for(chosen, weights);
      const long double largest = std::tanh(static_cast<long double>(max_magnitude(weights)));
      for (size_t i = 0; i < weights.size(); ++i) {
        const long double u = std::tanh(static_cast<long double>(weights[i])) / (2 * largest) + 0.5L;
        const long double position = u * ((1 << bits) - 1);
        // Float32 may decide otherwise within its error of a tie only.
        ASSERT_LE(std::fabs(position - codes[i]), 0.5L + 1e-4L) << weights[i];
      }
      const auto [least, most] = std::minmax_element(weights.begin(), weights.end());
      if (-*least > *most) {
        EXPECT_EQ(codes[static_cast<size_t>(least - weights.begin())], 0);
      } else {
        EXPECT_EQ(codes[static_cast<size_t>(most - weights.begin())], chosen.grid.max_code());
      }
    }
}

TEST(Weights, OneBitIsTheSignTimesTheMeanMagnitude) {
  const std::vector<float> weights = {0.5f, -1.0f, 2.0f, -0.5f, 1e-30f, -1e-30f};
  for (const WeightScheme scheme : {WeightScheme::dorefa, WeightScheme::sawb}) {
    const WeightGrid chosen = choose_weight_grid(scheme, 1, weights);
    EXPECT_FLOAT_EQ(chosen.limit, 4.0f / 6);
    EXPECT_EQ(chosen.scale, 1.0f);
    EXPECT_EQ(chosen.grid.value_of(1), chosen.limit);
    EXPECT_EQ(chosen.grid.value_of(0), -chosen.limit);
    EXPECT_EQ(codes_for(chosen, weights), (std::vector<int16_t>{1, 0, 1, 0, 1, 0}));
  }
}

TEST(Weights, SawbIsTheLineOfTheMoments) {
  for (const size_t count : {1000u, 1001u, 1007u, 20000u}) {
    const std::vector<float> weights = normal_weights(count, 0.05, 13);
    long double magnitudes = 0.0L, squares = 0.0L;
    for (const float w : weights) {
      magnitudes += std::fabs(static_cast<long double>(w));
      squares += static_cast<long double>(w) * static_cast<long double>(w);
    }
    const double mean = static_cast<double>(magnitudes) / static_cast<double>(count);
    const double rms = std::sqrt(static_cast<double>(squares) / static_cast<double>(count));
    const WeightGrid odd = choose_weight_grid(WeightScheme::sawb, 4, weights);
    EXPECT_FLOAT_EQ(odd.limit, static_cast<float>(12.104 * rms - 12.060 * mean));
    EXPECT_FLOAT_EQ(odd.grid.step, odd.limit * 2 / 15);
    const WeightGrid symmetric = choose_weight_grid(WeightScheme::symmetric, 4, weights);
    EXPECT_FLOAT_EQ(symmetric.limit, static_cast<float>(11.827 * rms - 11.760 * mean));
    EXPECT_FLOAT_EQ(symmetric.grid.step, symmetric.limit / 7);
  }
}

TEST(Weights, OutermostLevelIsTheLimit) {
  for (const WeightScheme scheme : kSchemes)
    for (int bits = least_bits(scheme); bits <= 8; ++bits) {
      const std::vector<float> weights = normal_weights(500, 0.1, 14);
      const WeightGrid chosen = choose_weight_grid(scheme, bits, weights);
      EXPECT_EQ(chosen.grid.kind, grid_kind_of(scheme));
      EXPECT_EQ(chosen.grid.bits, bits);
      EXPECT_FLOAT_EQ(chosen.grid.value_of(chosen.grid.max_code()), chosen.limit);
      EXPECT_NO_THROW(require_valid(chosen.grid));
    }
}

// Of all clip levels up to max|w|, none has an error much below the chosen one's.
TEST(Weights, ClipLevelsAreNearTheLeastError) {
  const auto laplace = [](Random& random) {
    const double magnitude = -std::log(1.0 - random.uniform());
    return random.below(2) == 0 ? magnitude : -magnitude;
  };
  for (const WeightScheme scheme : {WeightScheme::sawb, WeightScheme::symmetric})
    for (int bits = 2; bits <= 8; ++bits)
      for (const int shape : {0, 1, 2}) {
        Random random(15, static_cast<uint64_t>(shape));
        std::vector<float> weights(9216);
        for (float& w : weights)
          w = static_cast<float>(shape == 0   ? random.normal()
                                 : shape == 1 ? laplace(random)
                                              : random.uniform(-1.0, 1.0));
        const WeightGrid chosen = choose_weight_grid(scheme, bits, weights);
        double least = std::numeric_limits<double>::max();
        for (float limit = max_magnitude(weights); limit > 0.1f; limit *= 0.97f) {
          Grid grid = chosen.grid;
          grid.step *= limit / chosen.limit;
          least = std::min(least, mean_squared_error(grid, weights));
        }
        EXPECT_LE(mean_squared_error(chosen.grid, weights), 1.25 * least)
            << fmt::format("{} {} bits, shape {}", name_of(scheme), bits, shape);
      }
}

TEST(Weights, OddDistributionsAreNotClippedAway) {
  std::vector<float> two_values(100, 0.25f), ramp(101), outlier(1000, 0.01f);
  for (size_t i = 0; i < 50; ++i) two_values[i] = -0.25f;
  for (size_t i = 0; i < ramp.size(); ++i) ramp[i] = 1.0f + 0.005f * static_cast<float>(i);
  outlier[7] = -3.0f;
  for (const WeightScheme scheme : {WeightScheme::sawb, WeightScheme::symmetric})
    for (int bits = 2; bits <= 8; ++bits) {
      SCOPED_TRACE(fmt::format("{} {} bits", name_of(scheme), bits));
      EXPECT_FLOAT_EQ(choose_weight_grid(scheme, bits, two_values).limit, 0.25f);
      EXPECT_GE(choose_weight_grid(scheme, bits, ramp).limit, 1.4f);
      EXPECT_LE(choose_weight_grid(scheme, bits, ramp).limit, 1.5f);
      EXPECT_LE(choose_weight_grid(scheme, bits, outlier).limit, 3.0f);
      const std::vector<float> one = {-0.7f};
      EXPECT_FLOAT_EQ(choose_weight_grid(scheme, bits, one).limit, 0.7f);
    }
}

TEST(Weights, ZeroWeightsStillHaveAGrid) {
  for (const WeightScheme scheme : kSchemes)
    for (int bits = least_bits(scheme); bits <= 8; ++bits)
      for (const std::vector<float>& weights : {std::vector<float>(20), std::vector<float>(3, 1e-40f), {}}) {
        const WeightGrid chosen = choose_weight_grid(scheme, bits, weights);
        EXPECT_EQ(chosen.limit, 1.0f);
        EXPECT_EQ(chosen.scale, 1.0f);
        EXPECT_FLOAT_EQ(chosen.grid.value_of(chosen.grid.max_code()), 1.0f);
        for (const int16_t code : codes_for(chosen, weights))
          EXPECT_LE(std::fabs(chosen.grid.value_of(code)), 0.5f * chosen.grid.step);
      }
}

TEST(Weights, ExtremeMagnitudes) {
  for (const WeightScheme scheme : kSchemes)
    for (int bits = std::max(2, least_bits(scheme)); bits <= 8; ++bits)
      for (const double deviation : {1e-28, 1e-6, 1e30}) {
        const std::vector<float> weights = normal_weights(300, deviation, 16);
        const WeightGrid chosen = choose_weight_grid(scheme, bits, weights);
        const std::vector<int16_t> codes = codes_for(chosen, weights);
        for (size_t i = 0; i < weights.size(); ++i)
          ASSERT_GE(chosen.grid.value_of(codes[i]) * (weights[i] > 0 ? 1.0f : -1.0f), 0.0f);
      }
}

TEST(Weights, CodesAreThoseOfTheTransformedWeights) {
  for (const WeightScheme scheme : kSchemes)
    for (int bits = least_bits(scheme); bits <= 8; ++bits)
      for (const size_t count : {1u, 15u, 16u, 1023u, 1025u, 2050u}) {
        SCOPED_TRACE(fmt::format("{} {} bits, {} weights", name_of(scheme), bits, count));
        const std::vector<float> weights = normal_weights(count, 0.3, 17);
        const WeightGrid chosen = choose_weight_grid(scheme, bits, weights);
        std::vector<float> transformed(count);
        transform_weights(chosen, weights, transformed);
        const std::vector<int16_t> codes = codes_for(chosen, weights);
        const bool has_tanh = scheme == WeightScheme::dorefa && bits > 1;
        for (size_t i = 0; i < count; ++i) {
          ASSERT_EQ(transformed[i], has_tanh ? tanh_of(weights[i]) * chosen.scale : weights[i]);
          ASSERT_EQ(codes[i], chosen.grid.code_of(transformed[i]));
        }
      }
}

TEST(Weights, BinaryIsTheSignTimesTheMeanMagnitude) {
  const std::vector<float> weights = {0.5f, -1.0f, 2.0f, -0.5f};
  const WeightGrid chosen = choose_weight_grid(WeightScheme::binary, 1, weights);
  EXPECT_EQ(chosen.grid.value_of(1), 1.0f);
  EXPECT_EQ(codes_for(chosen, weights), (std::vector<int16_t>{1, 0, 1, 0}));
  EXPECT_THROW(choose_weight_grid(WeightScheme::binary, 2, weights), Error);
}

// E|w| = 1, threshold 0.7; beyond it 0.75, -1.25 and 2.6.
TEST(Weights, TernaryHasItsThresholdAndTheMeanBeyondIt) {
  const std::vector<float> weights = {0.1f, 0.69f, 0.75f, -1.25f, 2.6f, -0.61f};
  const WeightGrid chosen = choose_weight_grid(WeightScheme::ternary, 2, weights);
  EXPECT_FLOAT_EQ(chosen.grid.step, 4.6f / 3);
  EXPECT_EQ(codes_for(chosen, weights), (std::vector<int16_t>{0, 0, 1, -1, 1, 0}));
  EXPECT_THROW(choose_weight_grid(WeightScheme::ternary, 3, weights), Error);
}

TEST(Weights, LsqTakesItsStepAsItIs) {
  const std::vector<float> weights = {0.1f, -0.3f, 0.25f, -1.25f, 2.6f, 0.15f};
  const WeightGrid chosen = choose_weight_grid(WeightScheme::lsq, 2, weights, 0.2f);
  EXPECT_EQ(chosen.grid, (Grid{GridKind::signed_, 2, 0.2f}));
  EXPECT_EQ(codes_for(chosen, weights), (std::vector<int16_t>{0, -2, 1, -2, 1, 1}));
  EXPECT_THROW(choose_weight_grid(WeightScheme::lsq, 2, weights), Error);  // no step
  EXPECT_THROW(choose_weight_grid(WeightScheme::lsq, 1, weights, 0.2f), Error);
  // Esser et al. 2020: 2 E|v| / sqrt(Qp), here with Qp = 7.
  EXPECT_FLOAT_EQ(starting_step({GridKind::signed_, 4, 1.0f}, weights), 2 * 4.65f / 6 / std::sqrt(7.0f));
  EXPECT_EQ(starting_step({GridKind::signed_, 4, 1.0f}, std::vector<float>(5)), kLeastStep);
}

TEST(Weights, ChannelsHaveTheGridsOfTheirParts) {
  std::vector<float> weights = normal_weights(600, 0.1, 19);
  for (size_t i = 200; i < 400; ++i) weights[i] *= 10;
  const std::span<const float> all(weights);
  for (const WeightSchemeEntry& entry : weight_schemes()) {
    const std::vector<float> steps = {0.1f, 1.0f, 0.2f};
    const std::vector<WeightGrid> grids = choose_weight_grids(entry.scheme, entry.least_bits, all, 3, steps);
    ASSERT_EQ(grids.size(), 3u);
    std::vector<int16_t> codes(600);
    quantize_weights(grids, all, codes);
    for (size_t c = 0; c < 3; ++c) {
      const std::vector<float> part(weights.begin() + 200 * static_cast<ptrdiff_t>(c),
                                    weights.begin() + 200 * static_cast<ptrdiff_t>(c + 1));
      const WeightGrid own = choose_weight_grid(entry.scheme, entry.least_bits, part, steps[c]);
      EXPECT_EQ(own.grid, grids[c].grid) << entry.name;
      const std::vector<int16_t> expected = codes_for(own, part);
      EXPECT_TRUE(
          std::equal(expected.begin(), expected.end(), codes.begin() + 200 * static_cast<ptrdiff_t>(c)));
    }
  }
}

TEST(Weights, RefusesWhatHasNoGrid) {
  std::vector<float> weights = normal_weights(20, 1.0, 18);
  EXPECT_THROW(choose_weight_grid(WeightScheme::symmetric, 1, weights), Error);
  EXPECT_THROW(choose_weight_grid(WeightScheme::sawb, 0, weights), Error);
  EXPECT_THROW(choose_weight_grid(WeightScheme::dorefa, 9, weights), Error);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()})
    for (const size_t position : {0u, 9u, 19u})
      for (const WeightScheme scheme : kSchemes) {
        std::vector<float> spoilt = weights;
        spoilt[position] = bad;
        EXPECT_THROW(choose_weight_grid(scheme, 4, spoilt), Error);
      }
}

TEST(Weights, Names) {
  for (const WeightSchemeEntry& entry : weight_schemes()) {
    EXPECT_EQ(weight_scheme_of(entry.name), entry.scheme);
    EXPECT_EQ(name_of(entry.scheme), entry.name);
    EXPECT_TRUE(entry.least_bits <= entry.most_bits && !entry.source.empty()) << entry.name;
    // What stands in has the bits of first and last layers.
    EXPECT_TRUE(entry_of(entry.otherwise).has(8)) << entry.name;
  }
  EXPECT_EQ(weight_scheme_names().size(), weight_schemes().size());
  EXPECT_THROW(weight_scheme_of("sawp"), Error);
}

}  // namespace
}  // namespace pact::quant
