// A walk from the image to the output. Its position is a value and what it holds: codes or real numbers. Each
// step adds one of the nodes that can stand there; every value that is made is used.
#include "reference/random_network.h"

#include "base/error.h"
#include "reference/random_parts.h"

namespace pact::reference {
namespace {

using graph::DataType;
using graph::Op;
using graph::Shape;
using graph::ValueId;

class Walk {
 public:
  Walk(uint64_t seed, Form form) : random_(seed), parts_(random_, form), form_(form) {}

  graph::Network run(uint64_t seed) {
    parts_.set_name(fmt::format("random_{}{}", form_ == Form::fixed ? "fixed_" : "", seed));
    const ValueId image = parts_.add_image();
    ValueId real = first_layer(image);
    const uint64_t blocks = random_.below(5);
    for (uint64_t i = 0; i < blocks; ++i) real = block(real);
    return parts_.finish(head(real));
  }

 private:
  bool chance(double probability) { return random_.uniform() < probability; }
  const Shape& shape_of(ValueId value) const { return parts_.shape_of(value); }

  // Codes straight from the camera, or their values.
  ValueId first_layer(ValueId image) {
    if (chance(0.1)) {
      if (form_ == Form::fixed) return after_layer(parts_.dequantize(image));
      const auto step = static_cast<double>(parts_.random_step(1.0, 255));
      const ValueId real = parts_.add(
          Op::dequantize, "image_real", {image},
          {{"grid", std::string("unsigned")}, {"bits", int64_t{8}}, {"step", step}});
      return after_layer(real);
    }
    const Convolution form = parts_.draw_convolution(shape_of(image));
    return after_layer(parts_.integer_convolution(image, form, chance(0.4) ? Zero::random : Zero::none));
  }

  // What may follow a layer; all of it keeps the numbers real.
  ValueId after_layer(ValueId real) {
    if (chance(0.6)) real = parts_.add(Op::relu, "relu", {real});
    if (shape_of(real).size() != 4) return real;
    switch (random_.below(16)) {
      case 0:
        return parts_.max_pool(real);
      case 1:
        return parts_.average_pool(real);
      case 2:
        return parts_.slice(real);
      case 3:
        return parts_.pad(real);
      case 4:
        return form_ == Form::real ? parts_.batch_norm(real) : real;
      case 5:
        return form_ == Form::real ? parts_.float_convolution(real) : real;
      case 6:
        return form_ == Form::real ? parts_.clip(real) : real;
      case 7:
        return form_ == Form::real ? parts_.rescale(real) : real;
      default:
        return real;
    }
  }

  ValueId block(ValueId real) {
    const double kind = random_.uniform();
    if (kind < 0.35) return chain(real);
    if (kind < 0.75) return residual(real);
    return two_branches(real);
  }

  ValueId chain(ValueId real) {
    ValueId codes = parts_.quantize(real);
    if (form_ == Form::fixed) codes = after_codes(codes);
    return after_layer(parts_.integer_convolution(codes, parts_.draw_convolution(shape_of(codes))));
  }

  // Codes on the way from one layer to the next without real numbers between.
  ValueId after_codes(ValueId codes) {
    if (chance(0.4)) codes = parts_.coded_convolution(codes, parts_.draw_convolution(shape_of(codes)));
    switch (random_.below(6)) {
      case 0:
        return parts_.max_pool(codes);
      case 1:
        return parts_.slice(codes);
      case 2:
        return parts_.pad(codes);
      default:
        return codes;
    }
  }

  // The shortcut is the real number, what a relu leaves of it, or that of its codes.
  ValueId residual(ValueId real) {
    const ValueId codes = parts_.quantize(real);
    ValueId inner = codes;
    if (chance(0.5)) {
      const ValueId first = parts_.integer_convolution(inner, parts_.draw_same_convolution(shape_of(inner)));
      inner = parts_.quantize(chance(0.6) ? parts_.add(Op::relu, "relu", {first}) : first);
    }
    const ValueId last = parts_.integer_convolution(inner, parts_.draw_same_convolution(shape_of(inner)));
    ValueId shortcut = real;
    if (chance(0.2))
      shortcut = parts_.dequantize(codes);
    else if (chance(0.4))
      shortcut = parts_.add(Op::relu, "relu", {real});
    return after_layer(join(last, shortcut));
  }

  // Two convolutions to the same shape, on the same codes or on codes of their own.
  ValueId two_branches(ValueId real) {
    const ValueId codes = parts_.quantize(real);
    const Convolution form = parts_.draw_convolution(shape_of(codes));
    const ValueId one = parts_.integer_convolution(codes, form);
    const ValueId other_codes = chance(0.5) ? codes : parts_.quantize(real);
    const ValueId other = parts_.integer_convolution(other_codes, form);
    return after_layer(join(one, other));
  }

  ValueId join(ValueId a, ValueId b) {
    return parts_.add(Op::add, "sum", chance(0.5) ? std::vector{a, b} : std::vector{b, a});
  }

  ValueId head(ValueId real) {
    const double kind = random_.uniform();
    if (kind < 0.2) return real;
    const Shape& shape = shape_of(real);
    const bool is_small = shape[1] * shape[2] * shape[3] <= kMostFeatures;
    if (form_ == Form::fixed && is_small && kind > 0.8)
      return parts_.integer_linear(parts_.add(Op::flatten, "flatten", {parts_.quantize(real)}));
    real = is_small && chance(0.5) ? parts_.add(Op::flatten, "flatten", {real}) : parts_.global_average(real);
    if (kind < 0.3) return real;
    if (kind < 0.4 && form_ == Form::real) return parts_.float_linear(real);
    // Averages differ little between images; few bits would often make them all equal.
    real = parts_.integer_linear(parts_.quantize(real, chance(0.8) ? 6 : 1));
    if (chance(0.2)) real = parts_.integer_linear(parts_.quantize(parts_.add(Op::relu, "relu", {real})));
    return real;
  }

  Random random_;
  RandomParts parts_;
  Form form_;
};

}  // namespace

graph::Network random_integer_network(uint64_t seed) { return Walk(seed, Form::real).run(seed); }
graph::Network random_fixed_network(uint64_t seed) { return Walk(seed, Form::fixed).run(seed); }

graph::Tensor random_input(const graph::Network& network, int64_t batch, uint64_t seed) {
  const graph::Graph& graph = network.graph;
  if (graph.inputs().size() != 1)
    fail("graph {}: it has {} inputs, not one", graph.name(), graph.inputs().size());
  graph::TensorType type = graph.value(graph.inputs()[0]).type;
  if (type.dtype != DataType::u8 && type.dtype != DataType::f32)
    fail("graph {}: no random input of type {}", graph.name(), to_string(type));
  if (!type.shape.empty() && type.shape[0] == graph::kBatch) type.shape[0] = batch;

  Random random(seed, 1);
  const uint64_t kind = random.below(10);
  graph::Tensor input = graph::Tensor::zeros(type.dtype, type.shape);
  const auto count = static_cast<size_t>(input.count());
  for (size_t i = 0; i < count; ++i) {
    const uint64_t pixel = kind == 0   ? 0
                           : kind == 1 ? 255
                           : kind == 2 ? 255 * random.below(2)
                           : kind == 3 ? random.below(4)
                                       : random.below(256);
    if (type.dtype == DataType::u8)
      input.as<uint8_t>()[i] = static_cast<uint8_t>(pixel);
    else
      input.as<float>()[i] = static_cast<float>(pixel);
  }
  return input;
}

}  // namespace pact::reference
