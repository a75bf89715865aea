#include "rtl/simulation.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/random.h"

namespace pact::rtl {
namespace {

struct Case {
  int64_t rows, terms, outputs;
};

struct Operands {
  std::vector<uint8_t> activations, weights;
  std::vector<int32_t> start;
};

Operands random_operands(const Design& design, const Case& shape, Random& random) {
  Operands out;
  const auto codes = [&](int64_t count, int bits) {
    std::vector<uint8_t> all(static_cast<size_t>(count));
    const bool is_extreme = random.below(4) == 0;
    for (uint8_t& code : all)
      code = static_cast<uint8_t>(is_extreme ? (1u << bits) - 1 : random.below(uint64_t{1} << bits));
    return all;
  };
  out.activations = codes(shape.rows * shape.terms, design.element.activation_bits);
  out.weights = codes(shape.terms * shape.outputs, design.element.weight_bits);
  for (int64_t n = 0; n < shape.outputs; ++n)
    out.start.push_back(static_cast<int32_t>(random.below(2001)) - 1000);
  return out;
}

uint32_t masked(int64_t x, int bits) { return static_cast<uint32_t>(x) & (~uint32_t{0} >> (32 - bits)); }

// The product by its definition, and the cycles by the closed form.
void expect_product(Simulation& simulation, const Case& shape, Random& random) {
  const Design& design = simulation.design();
  const Operands x = random_operands(design, shape, random);
  const Sums got =
      simulation.multiply({shape.rows, shape.terms, shape.outputs, x.activations, x.weights, x.start, -7});
  const std::string what = fmt::format("{} x {} x {} on {} x {}", shape.rows, shape.terms, shape.outputs,
                                       design.rows, design.columns);
  int64_t wrong = 0;
  for (int64_t t = 0; t < shape.rows; ++t) {
    int64_t activation_sum = -7;
    for (int64_t k = 0; k < shape.terms; ++k) activation_sum += x.activations[t * shape.terms + k];
    wrong += got.sum[t] != masked(activation_sum, sum_bits(design));
    for (int64_t n = 0; n < shape.outputs; ++n) {
      int64_t sum = x.start[n];
      for (int64_t k = 0; k < shape.terms; ++k)
        sum += int64_t{x.activations[t * shape.terms + k]} * x.weights[k * shape.outputs + n];
      wrong += got.raw[t * shape.outputs + n] != masked(sum, design.element.accumulator_bits);
    }
  }
  EXPECT_EQ(wrong, 0) << what;
  const int64_t depth = design.rows * design.element.products;
  const int64_t folds =
      ((shape.terms + depth - 1) / depth) * ((shape.outputs + design.columns - 1) / design.columns);
  EXPECT_EQ(got.folds, folds) << what;
  EXPECT_EQ(got.cycles, compute_cycles(design, folds, shape.rows)) << what;
}

Design design_of(int rows, int columns, MultiplyAdd element, Buffering buffering) {
  Design design{rows, columns, element, buffering};
  return design;
}

TEST(Simulation, ComputesProductsInTheCyclesOfTheClosedForms) {
  if (!has_verilator()) GTEST_SKIP() << "Verilator is not installed (apt-get install verilator)";
  struct Core {
    Design design;
    Arithmetic arithmetic;
  };
  const Core cores[] = {
      {design_of(4, 3, {1, 4, 3, 17}, Buffering::double_), Arithmetic::structural},
      {design_of(3, 5, {2, 2, 2, 14}, Buffering::single), Arithmetic::behavioural},
      {design_of(1, 1, {1, 8, 8, 29}, Buffering::double_), Arithmetic::behavioural},
  };
  for (const Core& core : cores) {
    Simulation simulation(core.design, core.arithmetic);
    const uint64_t seed = 20261125;
    Random random(seed);
    for (int i = 0; i < 60; ++i)
      expect_product(simulation,
                     {1 + static_cast<int64_t>(random.below(30)), 1 + static_cast<int64_t>(random.below(25)),
                      1 + static_cast<int64_t>(random.below(12))},
                     random);
  }
}

}  // namespace
}  // namespace pact::rtl
