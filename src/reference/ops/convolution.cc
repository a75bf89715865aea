// conv2d, linear and their integer forms: one loop nest, over (channel of the group, kernel row, kernel
// column) in this order; a linear layer is a convolution of 1x1 images. Padding contributes nothing.
//   real     products and their sum in double, the bias added in double, then rounded to float32 once
//   integer  sum of multiplicand(weight code) * (x code - input_zero[c]), exact; Error beyond int32
#include <limits>

#include "base/error.h"
#include "graph/grids.h"
#include "quant/grid.h"
#include "reference/ops/codes.h"
#include "reference/ops/ops.h"

namespace pact::reference {

using graph::DataType;
using graph::Shape;
using graph::Tensor;

namespace {

struct Geometry {
  Shape x, weight, y;  // [N,C,H,W], [O,C/groups,kh,kw], [N,O,H,W]
  std::vector<int64_t> strides{1, 1};
  std::vector<int64_t> pads{0, 0, 0, 0};  // top, left, bottom, right
  std::vector<int64_t> dilations{1, 1};
  int64_t groups = 1;
};

Geometry convolution_geometry(const Application& application) {
  const graph::Node& node = application.node;
  return {application.inputs[0]->shape,  application.inputs[1]->shape, application.type.shape,
          node.integers("strides"),      node.integers("pads"),        node.integers("dilations"),
          node.integer("groups")};
}

Geometry linear_geometry(const Application& application) {
  Geometry geometry{.x = application.inputs[0]->shape,
                    .weight = application.inputs[1]->shape,
                    .y = application.type.shape};
  for (Shape* shape : {&geometry.x, &geometry.weight, &geometry.y}) shape->resize(4, 1);
  return geometry;
}

// The sum of one output: product(index in x, index in weight, channel of x) over the taps inside the image.
template <typename Sum, typename Product>
Sum sum_of_taps(const Geometry& g, const Shape& at, Product product) {
  const int64_t first_channel = at[1] / (g.weight[0] / g.groups) * g.weight[1];
  Sum sum = 0;
  for (int64_t c = 0; c < g.weight[1]; ++c) {
    for (int64_t i = 0; i < g.weight[2]; ++i) {
      const int64_t row = at[2] * g.strides[0] - g.pads[0] + i * g.dilations[0];
      if (row < 0 || row >= g.x[2]) continue;
      for (int64_t j = 0; j < g.weight[3]; ++j) {
        const int64_t column = at[3] * g.strides[1] - g.pads[1] + j * g.dilations[1];
        if (column < 0 || column >= g.x[3]) continue;
        const int64_t channel = first_channel + c;
        const int64_t in_x = ((at[0] * g.x[1] + channel) * g.x[2] + row) * g.x[3] + column;
        const int64_t in_weight = ((at[1] * g.weight[1] + c) * g.weight[2] + i) * g.weight[3] + j;
        sum += product(static_cast<size_t>(in_x), static_cast<size_t>(in_weight),
                       static_cast<size_t>(channel));
      }
    }
  }
  return sum;
}

// Calls store(index in y, position in y) in row-major order.
template <typename Store>
void for_outputs(const Geometry& g, Store store) {
  size_t index = 0;
  for (int64_t n = 0; n < g.y[0]; ++n)
    for (int64_t o = 0; o < g.y[1]; ++o)
      for (int64_t row = 0; row < g.y[2]; ++row)
        for (int64_t column = 0; column < g.y[3]; ++column) store(index++, {n, o, row, column});
}

Tensor convolve_reals(const Application& application, const Geometry& geometry) {
  const auto x = application.inputs[0]->as<float>();
  const auto weight = application.inputs[1]->as<float>();
  const Tensor* bias = application.inputs.size() > 2 ? application.inputs[2] : nullptr;
  Tensor out = Tensor::zeros(DataType::f32, application.type.shape);
  const auto y = out.as<float>();
  for_outputs(geometry, [&](size_t index, const Shape& at) {
    double sum = sum_of_taps<double>(geometry, at, [&](size_t in_x, size_t in_weight, size_t) {
      return double{x[in_x]} * double{weight[in_weight]};
    });
    if (bias) sum += double{bias->as<float>()[static_cast<size_t>(at[1])]};
    y[index] = static_cast<float>(sum);
  });
  return out;
}

std::vector<int64_t> multiplicands_of_weights(const Application& application) {
  const quant::Grid grid = weight_grid_of(application.node);
  std::vector<int64_t> multiplicands;
  for (const int code : read_codes(*application.inputs[1])) {
    if (code < grid.min_code() || code > grid.max_code())
      fail("weight code {} lies outside its grid, {} to {}", code, grid.min_code(), grid.max_code());
    multiplicands.push_back(grid.multiplicand(code));
  }
  return multiplicands;
}

// `zero` holds the code of each channel that stands for zero; empty: 0.
Tensor convolve_codes(const Application& application, const Geometry& geometry,
                      const std::vector<int64_t>& zero) {
  const std::vector<int> x = read_codes(*application.inputs[0]);
  const std::vector<int64_t> weight = multiplicands_of_weights(application);
  Tensor out = Tensor::zeros(DataType::i32, application.type.shape);
  const auto y = out.as<int32_t>();
  for_outputs(geometry, [&](size_t index, const Shape& at) {
    const auto sum = sum_of_taps<int64_t>(geometry, at, [&](size_t in_x, size_t in_weight, size_t channel) {
      return weight[in_weight] * (x[in_x] - (zero.empty() ? 0 : zero[channel]));
    });
    if (sum < std::numeric_limits<int32_t>::min() || sum > std::numeric_limits<int32_t>::max())
      fail("the accumulator {} at {} does not fit into int32", sum, graph::to_string(at));
    y[index] = static_cast<int32_t>(sum);
  });
  return out;
}

}  // namespace

Tensor conv2d(const Application& application) {
  return convolve_reals(application, convolution_geometry(application));
}

Tensor linear(const Application& application) {
  return convolve_reals(application, linear_geometry(application));
}

Tensor integer_conv2d(const Application& application) {
  return convolve_codes(application, convolution_geometry(application),
                        application.node.integers("input_zero"));
}

Tensor integer_linear(const Application& application) {
  return convolve_codes(application, linear_geometry(application), {});
}

}  // namespace pact::reference
