// A layer computed together with the one that makes its shortcut: where that is done, and its bits.
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

using graph::Attributes;
using graph::DataType;
using graph::Network;
using graph::Op;
using graph::ValueId;

enum class Form { usual, shortcut_first, relu_on_shortcut, sum_is_output, shortcut_is_read_twice };

struct Shapes {
  int64_t channels, outputs, height, width, stride;
  int64_t kernel = 1;  // of the shortcut
  bool has_odd_weights = false;
  Form form = Form::usual;
  int64_t joined = 1;
  int64_t sum_kernel = 1;
  bool is_unpadded = false;  // joined only by kernels that need no padded copy
};

// x -> codes -> two convolutions, "shortcut" and "sum" of the given kernels, added -> relu -> codes and reals, which
// "last" needs.
class Block {
 public:
  explicit Block(const Shapes& shapes) : shapes_(shapes) {
    const ValueId x = graph().add_input(
        "x", {DataType::f32, {graph::kBatch, shapes.channels, shapes.height, shapes.width}});
    const ValueId codes = quantize("codes", x);
    const auto convolve_to_sum = [&] {
      return convolve("sum", codes, shapes.channels, shapes.sum_kernel, shapes.stride);
    };
    const bool is_first = shapes.form == Form::shortcut_first;
    ValueId sum = is_first ? 0 : convolve_to_sum();
    ValueId shortcut = convolve("shortcut", codes, shapes.channels, shapes.kernel, shapes.stride);
    if (is_first) sum = convolve_to_sum();
    if (shapes.form == Form::relu_on_shortcut)
      shortcut = graph().add_node(Op::relu, "shortcut.relu", {shortcut});
    const ValueId added = graph().add_node(Op::add, "added", {sum, shortcut});
    ValueId real = graph().add_node(Op::relu, "relu", {added});
    if (shapes.form == Form::sum_is_output) {
      graph().add_output(real);
      return;
    }
    if (shapes.form == Form::shortcut_is_read_twice)
      real = graph().add_node(Op::add, "again", {real, shortcut});
    const ValueId last = convolve("last", quantize("sum_codes", real), shapes.outputs, 1, 1);
    graph().add_output(graph().add_node(Op::add, "end", {last, real}));
  }

  const Network& network() const { return network_; }

 private:
  graph::Graph& graph() { return network_.graph; }

  ValueId quantize(const char* name, ValueId from) {
    return graph().add_node(
        Op::quantize, name, {from},
        {{"grid", std::string("unsigned")}, {"bits", int64_t{8}}, {"step", double{0.01f}}});
  }

  ValueId parameter(const std::string& name, DataType type, const graph::Shape& shape) {
    network_.tensors[name] = graph::Tensor::zeros(type, shape);
    return graph().add_parameter(name, {type, shape});
  }

  ValueId convolve(const std::string& name, ValueId from, int64_t channels, int64_t kernel, int64_t stride) {
    const DataType type = shapes_.has_odd_weights ? DataType::u8 : DataType::i8;
    const ValueId w = parameter(name + ".w", type, {shapes_.outputs, channels, kernel, kernel});
    for (std::byte& code : network_.tensors[name + ".w"].bytes)
      code = static_cast<std::byte>(static_cast<int>(random_.below(255)) - 127);
    const std::string grid = shapes_.has_odd_weights ? "odd" : "symmetric";
    const int64_t pad = kernel / 2;
    const ValueId sums = graph().add_node(Op::integer_conv2d, name, {from, w},
                                          {{"weight_bits", int64_t{8}},
                                           {"weight_grid", grid},
                                           {"strides", std::vector<int64_t>{stride, stride}},
                                           {"pads", std::vector<int64_t>{pad, pad, pad, pad}}});
    std::vector<ValueId> inputs{sums};
    for (const char* what : {".multiplier", ".bias"}) {
      inputs.push_back(parameter(name + what, DataType::f32, {shapes_.outputs}));
      for (float& number : network_.tensors[name + what].as<float>())
        number = static_cast<float>(random_.normal()) * (what[1] == 'm' ? 1e-4f : 0.3f);
    }
    return graph().add_node(Op::rescale, name + ".rescale", inputs);
  }

  Shapes shapes_;
  Random random_{7};
  Network network_;
};

int64_t joined_steps(const Engine& engine) {
  return std::ranges::count_if(engine.timings(), [](const StepTiming& step) {
    return step.algorithm.find(", with s") != std::string::npos;
  });
}

TEST(JoinedSteps, HaveTheBitsOfTheReference) {
  const Shapes all[] = {{16, 16, 5, 7, 1},
                        {64, 272, 9, 13, 1},
                        {32, 80, 11, 3, 2},
                        {64, 256, 14, 14, 2},
                        {4, 20, 3, 3, 1},
                        {48, 96, 9, 7, 1, 1, true},
                        {16, 32, 6, 6, 1, 3, false, Form::usual, 0},  // padding is copied around codes first
                        {16, 32, 6, 6, 1, 3, true, Form::usual, 0},
                        {16, 16, 20, 24, 1, 3, false, Form::usual, 1, 1, true},
                        {16, 16, 20, 24, 1, 3, false, Form::shortcut_first, 1, 3, true},
                        {16, 16, 20, 24, 1, 1, false, Form::usual, 1, 3, true},
                        {16, 16, 20, 24, 1, 1, true, Form::usual, 0, 3},
                        {32, 48, 7, 5, 1, 1, false, Form::shortcut_first},
                        {32, 48, 7, 5, 1, 1, false, Form::relu_on_shortcut},
                        {32, 48, 7, 5, 1, 1, true, Form::sum_is_output},
                        {32, 48, 7, 5, 1, 1, false, Form::shortcut_is_read_twice, 0}};
  for (const Shapes& shapes : all) {
    const Network network = Block(shapes).network();
    for (const int64_t batch : {1, 2, 5}) {
      const graph::Tensor input = reference::random_input(network, batch, 3);
      const graph::Tensor expected = reference::evaluate(network, input);
      for (const Isa isa : available_isas())
        for (const int threads : {1, 2})
          for (const std::string algorithm : {"int8", ""}) {
            Engine engine(Network(network),  // given away
                          {.isa = isa, .threads = threads, .max_batch = 3, .algorithm = algorithm});
            const std::string what =
                fmt::format("{} to {}, form {}, batch {}, {}, {} threads", shapes.channels, shapes.outputs,
                            static_cast<int>(shapes.form), batch, name_of(isa), threads);
            ASSERT_EQ(engine.run(input), expected) << what;
            // Where sums have 16 bits, int8 is not exact for such weights.
            if (algorithm == "int8" && !kernels::byte_conv_kernels(isa).uses_short_sums) {
              const bool can_join = !shapes.is_unpadded || kernels::byte_conv_kernels(isa).takes_unpadded;
              ASSERT_EQ(joined_steps(engine), can_join ? shapes.joined : 0) << what;
            }
          }
    }
  }
}

}  // namespace
}  // namespace pact::engine
