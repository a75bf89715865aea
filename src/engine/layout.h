// How the engine keeps a value [N,C,...]: channels last, [N,...,C], because then one pixel's channels, which
// every op treats alike, lie side by side. [N,F] stays as it is.
#pragma once

#include "graph/graph.h"

namespace pact::engine {

struct Layout {
  int64_t channels = 1;
  graph::Shape spatial;  // the extents behind the channels
  int64_t pixels = 1;    // their product

  int64_t count() const { return pixels * channels; }  // elements of one image
};

// Throws Error on a shape without a channel axis.
Layout layout_of(const graph::Shape& shape);

size_t bytes_per_image(const graph::Graph& graph, graph::ValueId value);

// Between row-major [N,C,...] and channels last, elements of 1 or 4 bytes.
struct Reorder {
  int64_t batch, channels, pixels;
  size_t element_bytes;
};
void to_channels_last(const Reorder& reorder, const void* from, void* to);
void from_channels_last(const Reorder& reorder, const void* from, void* to);

}  // namespace pact::engine
