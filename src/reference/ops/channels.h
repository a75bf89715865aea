// Which channel an element of a row-major [N,C,...] tensor belongs to.
#pragma once

#include "graph/tensor.h"

namespace pact::reference {

class Channels {
 public:
  explicit Channels(const graph::Shape& shape)
      : count_(static_cast<size_t>(shape[1])),
        inner_(static_cast<size_t>(graph::element_count({shape.begin() + 2, shape.end()}))) {}

  size_t of(size_t element) const { return element / inner_ % count_; }

 private:
  size_t count_;
  size_t inner_;  // elements of one channel of one image
};

}  // namespace pact::reference
