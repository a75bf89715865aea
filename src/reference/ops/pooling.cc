// max_pool, avg_pool, global_avg_pool, sum_pool; windows are read row by row, each row from left to right.
//   max  starts at -infinity, and an element replaces the largest so far only when it is greater: padding and
//        NaN never win, and of +0 and -0 the first stays. Streams and codes: starts at the least integer
//   avg  a float32 sum that starts with +0, one element after the other, then one float32 division by their
//        number: the whole window (count_include_pad=1) or its elements inside the image
//   sum  of int32 elements inside the image, exact or refused
#include <algorithm>
#include <limits>

#include "reference/ops/ops.h"

namespace pact::reference {

using graph::DataType;
using graph::Tensor;

namespace {

// The rows (columns) of the image under one window: begin, begin + step, ..., before end.
struct Range {
  int64_t begin, end, step = 1;
  int64_t count() const { return (end - begin + step - 1) / step; }
};

// Of `length` of them, `step` apart from `first` on, those inside the image; never none (graph/ops/pool.cc).
Range clipped_range(int64_t first, int64_t length, int64_t step, int64_t extent) {
  const int64_t outside = first < 0 ? (-first + step - 1) / step : 0;
  return {first + outside * step, std::min(first + (length - 1) * step + 1, extent), step};
}

// y = reduce(plane of x, its width, rows, columns) for each window.
template <typename Element, typename Reduce>
Tensor for_windows(const Application& application, Reduce reduce) {
  const graph::Shape &from = application.inputs[0]->shape, &to = application.type.shape;
  const auto& kernel = application.node.integers("kernel");
  const auto& strides = application.node.integers("strides");
  const auto& pads = application.node.integers("pads");  // top, left, bottom, right
  const auto& dilations = application.node.integers("dilations");
  const auto x = application.inputs[0]->as<Element>();
  Tensor out = Tensor::zeros(application.type.dtype, to);
  size_t i = 0;
  for (int64_t plane = 0; plane < to[0] * to[1]; ++plane) {
    for (int64_t row = 0; row < to[2]; ++row) {
      for (int64_t column = 0; column < to[3]; ++column) {
        const Range rows = clipped_range(row * strides[0] - pads[0], kernel[0], dilations[0], from[2]);
        const Range columns = clipped_range(column * strides[1] - pads[1], kernel[1], dilations[1], from[3]);
        out.as<Element>()[i++] = reduce(x.data() + plane * from[2] * from[3], from[3], rows, columns);
      }
    }
  }
  return out;
}

template <typename Sum, typename Element>
Sum sum_of(const Element* plane, int64_t width, Range rows, Range columns) {
  Sum sum = 0;
  for (int64_t row = rows.begin; row < rows.end; row += rows.step)
    for (int64_t column = columns.begin; column < columns.end; column += columns.step)
      sum += plane[row * width + column];
  return sum;
}

template <typename Element>
Tensor max_of(const Application& application) {
  using Limits = std::numeric_limits<Element>;
  constexpr Element kLeast = Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
  const auto largest_in = [](const Element* plane, int64_t width, Range rows, Range columns) {
    Element largest = kLeast;
    for (int64_t row = rows.begin; row < rows.end; row += rows.step) {
      for (int64_t column = columns.begin; column < columns.end; column += columns.step) {
        const Element element = plane[row * width + column];
        if (element > largest) largest = element;
      }
    }
    return largest;
  };
  return for_windows<Element>(application, largest_in);
}

}  // namespace

Tensor max_pool(const Application& application) {
  switch (application.type.dtype) {
    case DataType::i32:
      return max_of<int32_t>(application);
    case DataType::u8:
      return max_of<uint8_t>(application);
    case DataType::i8:
      return max_of<int8_t>(application);
    default:
      return max_of<float>(application);
  }
}

Tensor sum_pool(const Application& application) {
  return for_windows<int32_t>(application,
                              [](const int32_t* plane, int64_t width, Range rows, Range columns) {
                                return to_int32(sum_of<int64_t>(plane, width, rows, columns));
                              });
}

Tensor avg_pool(const Application& application) {
  const auto& kernel = application.node.integers("kernel");
  const bool counts_padding = application.node.integer("count_include_pad") != 0;
  return for_windows<float>(application, [&](const float* plane, int64_t width, Range rows, Range columns) {
    const int64_t count = counts_padding ? kernel[0] * kernel[1] : rows.count() * columns.count();
    return sum_of<float>(plane, width, rows, columns) / static_cast<float>(count);
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
    y[plane] = sum_of<float>(first, from[3], {0, from[2]}, {0, from[3]}) / static_cast<float>(area);
  }
  return out;
}

}  // namespace pact::reference
