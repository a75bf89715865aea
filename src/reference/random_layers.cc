// The layers of random networks: convolutions and linear layers on codes and on real numbers.
#include <algorithm>
#include <cmath>

#include "reference/ops/codes.h"
#include "reference/random_parts.h"

namespace pact::reference {

using graph::Attributes;
using graph::DataType;
using graph::Op;
using graph::Shape;
using graph::Tensor;
using graph::ValueId;
using quant::Grid;

namespace {

// Output extent along one axis, 0 when the window does not fit.
int64_t windows(int64_t extent, const Convolution& form, size_t axis) {
  const int64_t reach = form.dilations[axis] * (form.kernel[axis] - 1) + 1;
  const int64_t padded = extent + form.pads[axis] + form.pads[axis + 2];
  return reach > padded ? 0 : (padded - reach) / form.strides[axis] + 1;
}

// Some tap of some window meets the image; with few pixels, padding and dilation all may miss it.
bool meets_image(int64_t extent, const Convolution& form, size_t axis) {
  for (int64_t window = 0; window < windows(extent, form, axis); ++window) {
    for (int64_t tap = 0; tap < form.kernel[axis]; ++tap) {
      const int64_t at = window * form.strides[axis] - form.pads[axis] + tap * form.dilations[axis];
      if (at >= 0 && at < extent) return true;
    }
  }
  return false;
}

bool is_usable(const Shape& x, const Convolution& form) {
  const int64_t height = windows(x[2], form, 0), width = windows(x[3], form, 1);
  const int64_t products = x[1] / form.groups * form.kernel[0] * form.kernel[1];
  return meets_image(x[2], form, 0) && meets_image(x[3], form, 1) && height <= kMostExtent &&
         width <= kMostExtent && form.outputs * height * width * products <= kMostMacs;
}

Attributes window_attributes(const Convolution& form) {
  return {{"strides", form.strides},
          {"pads", form.pads},
          {"dilations", form.dilations},
          {"groups", form.groups}};
}

Shape weight_shape(const Shape& x, const Convolution& form) {
  return {form.outputs, x[1] / form.groups, form.kernel[0], form.kernel[1]};
}

int64_t products_of(const Shape& weight) {
  return graph::element_count({weight.begin() + 1, weight.end()});
}

}  // namespace

Convolution RandomParts::draw_convolution(const Shape& x) {
  for (int attempt = 0; attempt < 50; ++attempt) {
    Convolution form;
    const double kind = random_.uniform();
    if (kind < 0.2) {
      form.groups = x[1];  // depthwise
    } else if (kind < 0.4) {
      form.groups = between(1, x[1]);
      while (x[1] % form.groups != 0) --form.groups;
    }
    form.outputs = form.groups * between(1, std::max<int64_t>(1, 40 / form.groups));
    if (kind < 0.1) form.outputs = form.groups;
    for (size_t axis = 0; axis < 2; ++axis) {
      form.kernel[axis] = axis == 1 && chance(0.7) ? form.kernel[0] : between(1, 5);
      form.strides[axis] = chance(0.5) ? 1 : between(1, 3);
      form.dilations[axis] = chance(0.8) ? 1 : 2;
    }
    for (int64_t& pad : form.pads) pad = between(0, 3);
    if (chance(0.3)) form.pads = {0, 0, 0, 0};
    if (is_usable(x, form)) return form;
  }
  return {.outputs = between(1, 4)};  // 1x1: fits everywhere
}

Convolution RandomParts::draw_same_convolution(const Shape& x) {
  for (int attempt = 0; attempt < 50; ++attempt) {
    Convolution form{.outputs = x[1], .groups = chance(0.3) ? x[1] : 1};
    const int64_t dilation = chance(0.8) ? 1 : 2;
    form.dilations = {dilation, dilation};
    for (size_t axis = 0; axis < 2; ++axis) {
      form.kernel[axis] = between(1, 5);
      const int64_t padding = dilation * (form.kernel[axis] - 1);
      form.pads[axis] = between(0, padding);  // often lopsided
      form.pads[axis + 2] = padding - form.pads[axis];
    }
    if (is_usable(x, form)) return form;
  }
  return {.outputs = x[1], .groups = x[1]};
}

Spread RandomParts::spread_of_codes(ValueId codes) const {
  if (!network_.graph.producer(codes)) return {127.5, 74};  // the image
  const Grid grid = grid_of_codes(codes);
  const double most = grid.max_code();
  return has_signed_codes(grid.kind) ? Spread{0, most / 2} : Spread{most / 4, most / 4};
}

std::vector<Spread> RandomParts::spread_of_sums(const Spread& codes, ValueId weight, const Grid& grid) {
  const Tensor& tensor = network_.tensors.at(network_.graph.value(weight).name);
  const std::vector<int> weights = read_codes(tensor);
  const size_t channels = static_cast<size_t>(tensor.shape[0]), products = weights.size() / channels;
  const double correlation = random_.uniform(0, 0.5);  // neighbouring codes are large together
  std::vector<Spread> spreads;
  for (size_t c = 0; c < channels; ++c) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < products; ++i) {
      const double multiplicand = grid.multiplicand(weights[c * products + i]);
      sum += multiplicand;
      squares += multiplicand * multiplicand;
    }
    const double deviation = std::sqrt(squares) + correlation * std::abs(sum);
    spreads.push_back({sum * codes.mean, deviation * codes.deviation + 1});
  }
  return spreads;
}

RandomParts::Scaling RandomParts::draw_scaling(const std::vector<Spread>& spreads) {
  Scaling scaling;
  const bool is_dyadic = chance(0.3);  // exact products and sums: ties happen
  for (size_t c = 0; c < spreads.size(); ++c) {
    float m = static_cast<float>(random_.uniform(0.3, 3) / spreads[c].deviation);
    if (is_dyadic) m = std::exp2(std::round(std::log2(m)));
    if (chance(0.2)) m = -m;
    const double center = chance(0.9) ? spreads[c].mean * double{m} : 0;
    float b = static_cast<float>(0.5 * random_.normal() - center);
    if (is_dyadic) b = std::round(b * 8) / 8;
    if (chance(0.02)) m = 0;
    if (chance(0.02)) b *= 1000;
    scaling.multiplier.push_back(double{m});
    scaling.bias.push_back(double{b});
  }
  return scaling;
}

ValueId RandomParts::rescale(const Sums& sums) {
  Scaling scaling = draw_scaling(sums.spreads);
  if (form_ == Form::fixed) {
    for (double& m : scaling.multiplier) m *= kStreamScale;
    for (double& b : scaling.bias) b *= kStreamScale;
    return add_fixed(Op::fixed_rescale, sums.accumulators, scaling.multiplier, scaling.bias);
  }
  const std::string stem = network_.graph.value(sums.accumulators).name;
  const Shape channels{static_cast<int64_t>(sums.spreads.size())};
  const std::vector<float> multiplier(scaling.multiplier.begin(), scaling.multiplier.end());
  const std::vector<float> bias(scaling.bias.begin(), scaling.bias.end());
  const ValueId m = add_tensor(stem + ".multiplier", Tensor::of(channels, multiplier));
  const ValueId b = add_tensor(stem + ".bias", Tensor::of(channels, bias));
  return add(Op::rescale, "rescale", {sums.accumulators, m, b});
}

ValueId RandomParts::integer_convolution(ValueId codes, const Convolution& form, Zero zero) {
  return rescale(convolve(codes, form, zero));
}

// With streams either through one, or straight away.
ValueId RandomParts::coded_convolution(ValueId codes, const Convolution& form) {
  const Sums sums = convolve(codes, form, Zero::none);
  if (form_ == Form::real || chance(0.4)) return quantize(rescale(sums));
  Scaling scaling = draw_scaling(sums.spreads);
  const Grid grid = random_code_grid(1);
  const double step{random_step(1.0, grid.max_code())};
  for (double& m : scaling.multiplier) m /= step;
  for (double& b : scaling.bias) b /= step;
  return add_fixed(Op::fixed_requantize, sums.accumulators, scaling.multiplier, scaling.bias,
                   {{"grid", std::string(name_of(grid.kind))}, {"bits", int64_t{grid.bits}}});
}

RandomParts::Sums RandomParts::convolve(ValueId codes, const Convolution& form, Zero zero) {
  const Shape weight = weight_shape(shape_of(codes), form);
  const Grid grid = random_weight_grid();
  Attributes attributes = window_attributes(form);
  attributes["weight_bits"] = int64_t{grid.bits};
  attributes["weight_grid"] = std::string(name_of(grid.kind));
  if (zero == Zero::random) {
    std::vector<int64_t> codes_of_zero;
    for (int64_t c = 0; c < shape_of(codes)[1]; ++c) codes_of_zero.push_back(between(0, 255));
    attributes["input_zero"] = codes_of_zero;
  }
  const ValueId parameter = add_weight_codes("conv", weight, grid);
  const ValueId sums = add(Op::integer_conv2d, "conv", {codes, parameter}, std::move(attributes));
  Spread spread = spread_of_codes(codes);
  if (zero == Zero::random) spread.mean = 0;
  return {sums, spread_of_sums(spread, parameter, grid)};
}

ValueId RandomParts::integer_linear(ValueId codes) {
  const Shape weight{between(1, 20), shape_of(codes)[1]};
  const Grid grid = random_weight_grid();
  const ValueId parameter = add_weight_codes("linear", weight, grid);
  const ValueId sums = add(
      Op::integer_linear, "linear", {codes, parameter},
      {{"weight_bits", int64_t{grid.bits}}, {"weight_grid", std::string(name_of(grid.kind))}});
  return rescale({sums, spread_of_sums(spread_of_codes(codes), parameter, grid)});
}

ValueId RandomParts::float_convolution(ValueId real) {
  const Convolution form = draw_convolution(shape_of(real));
  const Shape weight = weight_shape(shape_of(real), form);
  const double deviation = 1 / std::sqrt(static_cast<double>(products_of(weight)));
  std::vector<ValueId> inputs{real, add_reals("float_conv.weight", weight, 0, deviation)};
  if (chance(0.5)) inputs.push_back(add_reals("float_conv.bias", {form.outputs}, 0, 1));
  return add(Op::conv2d, "float_conv", std::move(inputs), window_attributes(form));
}

ValueId RandomParts::float_linear(ValueId real) {
  const Shape weight{between(1, 20), shape_of(real)[1]};
  const double deviation = 1 / std::sqrt(static_cast<double>(weight[1]));
  std::vector<ValueId> inputs{real, add_reals("float_linear.weight", weight, 0, deviation)};
  if (chance(0.5)) inputs.push_back(add_reals("float_linear.bias", {weight[0]}, 0, 1));
  return add(Op::linear, "float_linear", std::move(inputs));
}

}  // namespace pact::reference
