#include "rtl/network.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "reference/evaluate.h"
#include "reference/random_network.h"

namespace pact::rtl {
namespace {

// The greatest widths, so that one array serves every layer: codes of fewer bits are codes of 8, too.
TEST(NetworkSimulation, RandomNetworksHaveTheIntegersOfTheReference) {
  if (!has_verilator()) GTEST_SKIP() << "Verilator is not installed (apt-get install verilator)";
  const ArraysOptions options{.rows = 5, .columns = 4};
  const std::vector<Design> designs{{options.rows, options.columns, {1, 8, 8, 32}, options.buffering, 0}};
  ArraySet arrays(designs, options.arithmetic);
  int64_t on_array = 0, on_units = 0, values = 0;
  std::set<std::string> grids;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    const graph::Network network =
        seed % 3 == 0 ? reference::random_integer_network(seed) : reference::random_fixed_network(seed);
    for (const graph::Node& node : network.graph.nodes())
      for (const char* key : {"grid", "weight_grid"})
        if (node.attributes.contains(key)) grids.insert(fmt::format("{} {}", key, node.word(key)));
    const graph::Tensor input = reference::random_input(network, 2, seed);
    const graph::Tensors expected = reference::evaluate_all(network, input);
    for (const NodeRun& node : run_network(arrays, network, input, expected).nodes) {
      EXPECT_EQ(node.wrong, 0) << "seed " << seed << ", node " << node.name << " (" << node.op << ") on "
                               << name_of(node.place);
      EXPECT_EQ(node.cycles, node.model_cycles) << "seed " << seed << ", node " << node.name;
      on_array += node.place == Place::array;
      on_units += node.place == Place::units;
      values += node.values;
    }
  }
  EXPECT_GT(on_array, 20);
  EXPECT_GT(on_units, 10);
  EXPECT_GT(values, 10000);
  for (const char* kind : {"unsigned", "symmetric", "signed"})
    EXPECT_TRUE(grids.contains(fmt::format("grid {}", kind))) << kind;
  for (const char* kind : {"unsigned", "symmetric", "signed", "odd"})
    EXPECT_TRUE(grids.contains(fmt::format("weight_grid {}", kind))) << kind;
}

TEST(NetworkSimulation, OneArrayPerPairOfWidths) {
  const graph::Network network = reference::random_integer_network(3);
  for (const Design& design : designs_of(network.graph, {})) {
    EXPECT_EQ(design.rows, 16);
    EXPECT_GE(design.element.accumulator_bits, design.element.activation_bits + design.element.weight_bits);
  }
}

}  // namespace
}  // namespace pact::rtl
