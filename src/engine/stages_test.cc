#include "engine/stages.h"

#include <gtest/gtest.h>

#include "engine/plan.h"
#include "reference/random_network.h"

namespace pact::engine {
namespace {

using graph::DataType;
using graph::Graph;
using graph::Op;

// Max pools, each of which halves the sides of an image of 64 x 64 x 4 real numbers, 64 KB.
Graph pyramid(int pools) {
  Graph graph("pyramid");
  graph::ValueId x = graph.add_input("x", {DataType::f32, {graph::kBatch, 4, 64, 64}});
  for (int i = 0; i < pools; ++i)
    x = graph.add_node(Op::max_pool, "pool" + std::to_string(i), {x},
                       {{"kernel", std::vector<int64_t>{2, 2}}, {"strides", std::vector<int64_t>{2, 2}}});
  graph.add_output(x);
  return graph;
}

Images images_of(const Graph& graph, int64_t max_batch, int threads, size_t cached_bytes) {
  return choose_images(graph, units_of(graph), max_batch, threads, cached_bytes);
}

TEST(Stages, LaterStepsTakeMoreImages) {
  // What the nodes read and write: 64 KB and 16, 16 and 4, 4 and 1, 1 and 1/4.
  const Images images = images_of(pyramid(4), 16, 1, 40 << 10);
  EXPECT_EQ(images.at_once, (std::vector<int64_t>{1, 2, 8, 16}));
  EXPECT_EQ(images_of(pyramid(4), 3, 1, 40 << 10).at_once, (std::vector<int64_t>{1, 2, 3, 3}));
}

TEST(Stages, ALargeNetworkHasAnImageForEachThread) {
  Graph graph("large");
  const auto x = graph.add_input("x", {DataType::f32, {graph::kBatch, 3, 2000, 2000}});
  graph.add_output(graph.add_node(Op::relu, "relu", {x}, {}));
  EXPECT_EQ(images_of(graph, 16, 4, 0).at_once, (std::vector<int64_t>{4}));
  EXPECT_EQ(images_of(graph, 2, 4, 0).at_once, (std::vector<int64_t>{2}));
  EXPECT_FALSE(images_of(graph, 16, 4, 0).are_small);
}

// What a later stage reads must not lie where an earlier one, which runs again before it, writes.
TEST(Stages, ValuesBetweenThemAreNotWrittenOver) {
  int64_t between = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const graph::Network network = reference::random_integer_network(seed);
    const Plan plan = make_plan(
        network, {.isa = Isa::portable, .algorithm = "", .threads = 1, .max_batch = 8, .cached_bytes = 4000});
    std::vector<size_t> written(plan.homes.size(), plan.stages.size());  // in which stage
    written[static_cast<size_t>(plan.input)] = 0;
    for (size_t stage = 0; stage < plan.stages.size(); ++stage)
      for (int i = plan.stages[stage].begin; i < plan.stages[stage].end; ++i)
        for (const graph::ValueId id : plan.steps[static_cast<size_t>(i)].writes)
          written[static_cast<size_t>(id)] = stage;
    const auto end_of = [&](size_t id) {
      const Home& home = plan.homes[id];
      return home.offset + home.image_bytes * static_cast<size_t>(plan.stages[home.stage].images);
    };
    for (size_t kept = 0; kept < written.size(); ++kept)
      for (size_t other = 0; other < written.size(); ++other) {
        const size_t last = plan.homes[kept].stage;
        if (kept == other || written[kept] >= last || written[other] >= last) continue;
        ++between;
        ASSERT_TRUE(end_of(kept) <= plan.homes[other].offset || end_of(other) <= plan.homes[kept].offset)
            << seed;
      }
  }
  EXPECT_GT(between, 1000);  // pairs
}

}  // namespace
}  // namespace pact::engine
