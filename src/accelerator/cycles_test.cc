// The closed forms against known counts: those of an array that was simulated cycle by cycle in Verilator,
// and those that SCALE-Sim v2 prints.
#include "accelerator/cycles.h"

#include <gtest/gtest.h>

namespace pact::accelerator {
namespace {

using enum Dataflow;

int64_t cycles(Dataflow dataflow, Buffering buffering, ArrayShape array, int64_t folds, int64_t depth) {
  return run_cycles({dataflow, buffering, array}, folds, depth);
}

TEST(Cycles, AgreeWithTheSimulatedArray) {
  EXPECT_EQ(cycles(weight_stationary, Buffering::single_, {16, 16}, 1, 4096), 4142);
  EXPECT_EQ(cycles(weight_stationary, Buffering::single_, {32, 32}, 1, 4096), 4190);
  EXPECT_EQ(cycles(weight_stationary, Buffering::single_, {8, 8}, 20, 49), 1420);
  EXPECT_EQ(cycles(weight_stationary, Buffering::double_, {8, 8}, 20, 49), 1002);
}

// One array, one element at a time: weights enter by R shifts, vectors one a cycle, skewed by row and column.
TEST(Cycles, AgreeWithAWalkThroughTheFolds) {
  for (const int64_t rows : {1, 3, 8})
    for (const int64_t columns : {1, 5, 8})
      for (const int64_t folds : {1, 2, 7})
        for (const int64_t depth : {1, 6, 30}) {
          int64_t loaded = rows, begun = rows, end = 0;  // of the current fold
          for (int64_t fold = 0; fold < folds; ++fold) {
            begun = fold == 0 ? rows : std::max(begun + depth, loaded);
            // The shadow weights of the next fold follow the last use of the ones they replace, and the load
            // takes R.
            loaded = begun + 2 * rows + columns - 2;
            end = begun + depth + rows + columns - 2;
          }
          EXPECT_EQ(cycles(weight_stationary, Buffering::double_, {rows, columns}, folds, depth), end)
              << rows << "x" << columns << ", " << folds << " folds of " << depth;
        }
}

TEST(Cycles, OneFoldTakesTheSameWithBothBufferings) {
  for (const Dataflow dataflow : {weight_stationary, input_stationary, output_stationary})
    EXPECT_EQ(cycles(dataflow, Buffering::single_, {5, 7}, 1, 11),
              cycles(dataflow, Buffering::double_, {5, 7}, 1, 11));
}

// The figures were read from SCALE-Sim v2 runs (scalesim-project/SCALE-Sim), which report the last cycle's
// index.
TEST(ScaleSim, PrintsTheSameCycles) {
  struct Printed {
    MatrixProduct product;  // M, K, N
    int64_t ws, is, os;
  };
  const ArrayShape sixteen{16, 16};
  for (const Printed& one :
       {Printed{{4096, 16, 16}, 4141, 15871, 11775}, Printed{{4096, 100, 48}, 86981, 168447, 99839},
        Printed{{100, 64, 64}, 2335, 3079, 2631}}) {
    EXPECT_EQ(scale_sim_cycles(one.product, weight_stationary, sixteen), one.ws);
    EXPECT_EQ(scale_sim_cycles(one.product, input_stationary, sixteen), one.is);
    EXPECT_EQ(scale_sim_cycles(one.product, output_stationary, sixteen), one.os);
    // Its count is one less than the cycles of the single-buffered array, layer by layer.
    const FoldRun run{weight_stationary, Buffering::single_, sixteen};
    const Folds folds = folds_of(one.product, run);
    EXPECT_EQ(one.ws + 1, run_cycles(run, folds.count, folds.depth));
  }
  // The first layers of its ResNet-18 and AlexNet topologies on 32 x 32.
  EXPECT_EQ(scale_sim_cycles({12100, 147, 64}, weight_stationary, {32, 32}), 121939);
  EXPECT_EQ(scale_sim_cycles({3025, 363, 96}, weight_stationary, {32, 32}), 112283);
}

TEST(ScaleSim, OutputStationaryLeavesOutTheShiftOfResults) {
  const MatrixProduct product{40, 70, 20};  // M, K, N
  EXPECT_EQ(scale_sim_cycles(product, output_stationary, {16, 16}), 3 * 2 * (16 + 16 + 70 - 2) - 1);
}

}  // namespace
}  // namespace pact::accelerator
