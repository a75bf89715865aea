#include "engine/layout.h"

#include <cstring>

#include "base/error.h"

namespace pact::engine {
namespace {

// `transpose` for the three channels of an image, which are nearly always what comes in: several times faster
// with their number known to the compiler.
template <typename Element>
void interleave_three(int64_t columns, const Element* from, Element* to) {
  const Element *first = from, *second = from + columns, *third = from + 2 * columns;
  for (int64_t column = 0; column < columns; ++column, to += 3) {
    to[0] = first[column];
    to[1] = second[column];
    to[2] = third[column];
  }
}

// to[n][column][row] = from[n][row][column]
template <typename Element>
void transpose(int64_t batch, int64_t rows, int64_t columns, const Element* from, Element* to) {
  for (int64_t n = 0; n < batch; ++n, from += rows * columns, to += rows * columns) {
    if (rows == 3) {
      interleave_three(columns, from, to);
      continue;
    }
    for (int64_t column = 0; column < columns; ++column)
      for (int64_t row = 0; row < rows; ++row) to[column * rows + row] = from[row * columns + column];
  }
}

void transpose_bytes(const Reorder& r, int64_t rows, int64_t columns, const void* from, void* to) {
  if (rows == 1 || columns == 1) {
    std::memcpy(to, from, static_cast<size_t>(r.batch * rows * columns) * r.element_bytes);
  } else if (r.element_bytes == 1) {
    transpose(r.batch, rows, columns, static_cast<const uint8_t*>(from), static_cast<uint8_t*>(to));
  } else {
    PACT_CHECK(r.element_bytes == 4);
    transpose(r.batch, rows, columns, static_cast<const float*>(from), static_cast<float*>(to));
  }
}

}  // namespace

Layout layout_of(const graph::Shape& shape) {
  if (shape.size() < 2) fail(ErrorKind::unsupported, "{} has no channel axis", graph::to_string(shape));
  Layout layout{.channels = shape[1], .spatial = {shape.begin() + 2, shape.end()}};
  layout.pixels = graph::element_count(layout.spatial);
  return layout;
}

size_t bytes_per_image(const graph::Graph& graph, graph::ValueId value) {
  const graph::TensorType& type = graph.value(value).type;
  return static_cast<size_t>(layout_of(type.shape).count()) * size_bytes(type.dtype);
}

void to_channels_last(const Reorder& r, const void* from, void* to) {
  transpose_bytes(r, r.channels, r.pixels, from, to);
}

void from_channels_last(const Reorder& r, const void* from, void* to) {
  transpose_bytes(r, r.pixels, r.channels, from, to);
}

}  // namespace pact::engine
