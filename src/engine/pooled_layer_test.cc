// A layer computed together with the max pool behind it: where that is done, and its bits.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>

#include "base/cpu.h"
#include "base/random.h"
#include "engine/engine.h"
#include "kernels/byte_conv/byte_conv.h"
#include "reference/evaluate.h"
#include "reference/random_network.h"

namespace pact::engine {
namespace {

using graph::DataType;
using graph::Network;
using graph::Op;
using graph::ValueId;

enum class Form { reals, codes, reals_and_codes, read_twice };

struct Shapes {
  int64_t channels, outputs, height, width;
  int64_t kernel, stride, pad;                          // of the layer
  int64_t pool, pool_stride, pool_pad, dilation = 1;
  Form form = Form::reals;
  bool is_pooled = true;
};

class Stem {
 public:
  explicit Stem(const Shapes& s) {
    const ValueId x = graph().add_input("x", {DataType::f32, {graph::kBatch, s.channels, s.height, s.width}});
    const ValueId sums = convolve(s, quantize("x.codes", x));
    ValueId yield = graph().add_node(Op::relu, "relu", {sums});
    if (s.form == Form::codes) yield = quantize("codes", yield);
    const ValueId pooled = graph().add_node(Op::max_pool, "pool", {yield}, pool_attributes(s));
    if (s.form == Form::reals_and_codes) {
      const ValueId codes = quantize("pool.codes", pooled);
      const ValueId again = graph().add_node(Op::dequantize, "again", {codes}, grid());
      graph().add_output(graph().add_node(Op::add, "sum", {pooled, again}));
    } else if (s.form == Form::read_twice) {
      graph().add_output(graph().add_node(
          Op::add, "sum", {pooled, graph().add_node(Op::max_pool, "other", {yield}, pool_attributes(s))}));
    } else {
      graph().add_output(pooled);
    }
  }

  const Network& network() const { return network_; }

 private:
  graph::Graph& graph() { return network_.graph; }
  static graph::Attributes grid() {
    return {{"grid", std::string("unsigned")}, {"bits", int64_t{8}}, {"step", double{0.02f}}};
  }
  static graph::Attributes pool_attributes(const Shapes& s) {
    return {{"kernel", std::vector<int64_t>{s.pool, s.pool}},
            {"strides", std::vector<int64_t>{s.pool_stride, s.pool_stride}},
            {"pads", std::vector<int64_t>(4, s.pool_pad)},
            {"dilations", std::vector<int64_t>{s.dilation, s.dilation}}};
  }
  ValueId quantize(const char* name, ValueId from) {
    return graph().add_node(Op::quantize, name, {from}, grid());
  }
  ValueId parameter(const std::string& name, DataType type, const graph::Shape& shape) {
    network_.tensors[name] = graph::Tensor::zeros(type, shape);
    return graph().add_parameter(name, {type, shape});
  }
  ValueId convolve(const Shapes& s, ValueId from) {
    const ValueId w = parameter("w", DataType::i8, {s.outputs, s.channels, s.kernel, s.kernel});
    for (std::byte& code : network_.tensors["w"].bytes)
      code = static_cast<std::byte>(static_cast<int>(random_.below(255)) - 127);
    std::vector<ValueId> inputs{graph().add_node(Op::integer_conv2d, "layer", {from, w},
                                                 {{"weight_bits", int64_t{8}},
                                                  {"weight_grid", std::string("symmetric")},
                                                  {"strides", std::vector<int64_t>{s.stride, s.stride}},
                                                  {"pads", std::vector<int64_t>(4, s.pad)}})};
    for (const char* what : {"multiplier", "bias"}) {
      inputs.push_back(parameter(what, DataType::f32, {s.outputs}));
      for (float& number : network_.tensors[what].as<float>())
        number = static_cast<float>(random_.normal()) * (what[0] == 'm' ? 1e-3f : 0.3f);
    }
    return graph().add_node(Op::rescale, "rescale", inputs);
  }

  Random random_{11};
  Network network_;
};

bool is_pooled(const Engine& engine) {
  return std::ranges::any_of(engine.timings(), [](const StepTiming& step) {
    return step.algorithm.find("+ max_pool") != std::string::npos;
  });
}

TEST(PooledLayer, HasTheBitsOfTheReference) {
  const Shapes all[] = {{3, 64, 45, 37, 7, 2, 3, 3, 2, 1},
                        {3, 16, 24, 24, 3, 1, 1, 2, 2, 0, 1, Form::codes},
                        {3, 64, 40, 40, 7, 2, 3, 3, 2, 1, 1, Form::reals_and_codes},
                        {4, 32, 33, 18, 1, 1, 0, 3, 3, 0},          // nothing is prepared
                        {5, 16, 31, 20, 3, 1, 1, 3, 1, 1, 2},       // dilated
                        {4, 16, 12, 132, 3, 1, 1, 3, 1, 1, 2},      // likewise, a row a piece
                        {4, 16, 40, 132, 3, 1, 1, 2, 2, 4, 5},      // reaching far
                        {4, 20, 29, 9, 3, 1, 1, 2, 5, 0},           // rows that no window has
                        {3, 7, 19, 19, 5, 1, 2, 5, 2, 2, 1, Form::codes},
                        {16, 16, 37, 32, 3, 1, 1, 3, 2, 1},
                        {3, 64, 120, 24, 3, 1, 1, 3, 2, 1, 1, Form::reals_and_codes},
                        {3, 16, 24, 24, 3, 1, 1, 2, 2, 0, 1, Form::read_twice, false},
                        {3, 160, 16, 16, 3, 1, 1, 2, 2, 0, 1, Form::reals, false},   // two slabs
                        {3, 64, 9, 4000, 3, 1, 1, 2, 2, 0, 1, Form::reals, false}};  // rows too long
  int of_several_threads = 0;
  for (const Shapes& shapes : all) {
    const Network network = Stem(shapes).network();
    for (const int64_t batch : {1, 2, 5}) {
      if (batch == 5 && shapes.width > 1000) continue;
      const graph::Tensor input = reference::random_input(network, batch, 3);
      const graph::Tensor expected = reference::evaluate(network, input);
      for (const Isa isa : available_isas())
        for (const int threads : {1, 2, 3})
          for (const std::string algorithm : {"int8", "int16", "winograd2x2", "winograd4x4", ""}) {
            Engine engine(network, {.isa = isa, .threads = threads, .max_batch = 5, .algorithm = algorithm});
            const std::string what = fmt::format(
                "{} to {}, pool {}, form {}, batch {}, {}, {}, {} threads", shapes.channels, shapes.outputs,
                shapes.pool, static_cast<int>(shapes.form), batch, name_of(isa), algorithm, threads);
            ASSERT_EQ(engine.run(input), expected) << what;
            ASSERT_EQ(engine.run(input), expected) << what << ", again";
            // Where sums have 16 bits, int8 is not exact for such weights.
            if (algorithm != "int8" || kernels::byte_conv_kernels(isa).uses_short_sums) continue;
            if (threads == 1) {
              ASSERT_EQ(is_pooled(engine), shapes.is_pooled) << what;
            } else if (is_pooled(engine)) {
              ASSERT_TRUE(shapes.is_pooled) << what;
              ++of_several_threads;
            }
          }
    }
  }
  EXPECT_GT(of_several_threads, 10);
}

}  // namespace
}  // namespace pact::engine
