// max_pool, avg_pool, global_avg_pool; windows are read row by row, each row from left to right.
//   max  starts at -infinity, and an element replaces the largest so far only when it is greater: padding and
//        NaN never win, and of +0 and -0 the first stays
//   avg  a float32 sum that starts with +0, one element after the other, then one float32 division by their
//        number: the whole window (count_include_pad=1) or its elements inside the image
#include <algorithm>
#include <limits>

#include "reference/ops/ops.h"

namespace pact::reference {

using graph::DataType;
using graph::Tensor;

namespace {

// Half-open range of rows (columns) of the image under one window.
struct Range {
  int64_t begin, end;
  int64_t count() const { return end - begin; }
};

Range clipped_range(int64_t first, int64_t length, int64_t extent) {
  return {std::max<int64_t>(first, 0), std::min(first + length, extent)};
}

// y = reduce(plane of x, its width, rows, columns) for each window.
template <typename Reduce>
Tensor for_windows(const Application& application, Reduce reduce) {
  const graph::Shape &from = application.inputs[0]->shape, &to = application.type.shape;
  const auto& kernel = application.node.integers("kernel");
  const auto& strides = application.node.integers("strides");
  const auto& pads = application.node.integers("pads");  // top, left, bottom, right
  const auto x = application.inputs[0]->as<float>();
  Tensor out = Tensor::zeros(DataType::f32, to);
  size_t i = 0;
  for (int64_t plane = 0; plane < to[0] * to[1]; ++plane) {
    for (int64_t row = 0; row < to[2]; ++row) {
      for (int64_t column = 0; column < to[3]; ++column) {
        const Range rows = clipped_range(row * strides[0] - pads[0], kernel[0], from[2]);
        const Range columns = clipped_range(column * strides[1] - pads[1], kernel[1], from[3]);
        out.as<float>()[i++] = reduce(x.data() + plane * from[2] * from[3], from[3], rows, columns);
      }
    }
  }
  return out;
}

float sum_of(const float* plane, int64_t width, Range rows, Range columns) {
  float sum = 0.0f;
  for (int64_t row = rows.begin; row < rows.end; ++row)
    for (int64_t column = columns.begin; column < columns.end; ++column) sum += plane[row * width + column];
  return sum;
}

}  // namespace

Tensor max_pool(const Application& application) {
  return for_windows(application, [](const float* plane, int64_t width, Range rows, Range columns) {
    float largest = -std::numeric_limits<float>::infinity();
    for (int64_t row = rows.begin; row < rows.end; ++row) {
      for (int64_t column = columns.begin; column < columns.end; ++column) {
        const float element = plane[row * width + column];
        if (element > largest) largest = element;
      }
    }
    return largest;
  });
}

Tensor avg_pool(const Application& application) {
  const auto& kernel = application.node.integers("kernel");
  const bool counts_padding = application.node.integer("count_include_pad") != 0;
  return for_windows(application, [&](const float* plane, int64_t width, Range rows, Range columns) {
    const int64_t count = counts_padding ? kernel[0] * kernel[1] : rows.count() * columns.count();
    return sum_of(plane, width, rows, columns) / static_cast<float>(count);
  });
}

Tensor global_avg_pool(const Application& application) {
  const graph::Shape& from = application.inputs[0]->shape;
  const auto x = application.inputs[0]->as<float>();
  const int64_t area = from[2] * from[3];
  Tensor out = Tensor::zeros(DataType::f32, application.type.shape);
  const auto y = out.as<float>();
  for (size_t plane = 0; plane < y.size(); ++plane) {
    const float* first = x.data() + static_cast<int64_t>(plane) * area;
    y[plane] = sum_of(first, from[3], {0, from[2]}, {0, from[3]}) / static_cast<float>(area);
  }
  return out;
}

}  // namespace pact::reference
