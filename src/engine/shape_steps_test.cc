#include <gtest/gtest.h>

#include "base/cpu.h"
#include "engine/engine.h"
#include "reference/evaluate.h"
#include "reference/random_network.h"

namespace pact::engine {
namespace {

using graph::DataType;
using graph::Network;
using graph::Op;
using graph::ValueId;

TEST(Moves, ThatFollowOneAnotherAreOneStep) {
  Network network;
  const ValueId x = network.graph.add_input("x", {DataType::f32, {graph::kBatch, 3, 6, 5}});
  const ValueId part = network.graph.add_node(Op::slice, "part", {x},
                                              {{"begin", std::vector<int64_t>{0, 1, 0}},
                                               {"end", std::vector<int64_t>{3, 6, 5}},
                                               {"step", std::vector<int64_t>{1, 2, 2}}});
  const ValueId wide = network.graph.add_node(Op::pad, "wide", {part},
                                              {{"before", std::vector<int64_t>{2, 0, 1}},
                                               {"after", std::vector<int64_t>{1, 0, 0}}});
  network.graph.add_output(network.graph.add_node(Op::flatten, "flat", {wide}));
  const graph::Tensor input = reference::random_input(network, 4, 1);
  Engine engine(network, {.isa = selected_isa(), .max_batch = 3});
  EXPECT_EQ(engine.run(input), reference::evaluate(network, input));
  ASSERT_EQ(engine.timings().size(), 1u);
  EXPECT_EQ(engine.timings()[0].algorithm, "slice + pad + flatten");
}

}  // namespace
}  // namespace pact::engine
