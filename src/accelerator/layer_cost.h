// What a layer costs depending on where its operands are. Where memory is given to what, is residency.h's
// question.
#pragma once

#include <array>
#include <vector>

#include "accelerator/description.h"
#include "accelerator/mapping.h"
#include "accelerator/tiling.h"
#include "accelerator/workload.h"

namespace pact::accelerator {

// What a layer runs on in a network of `network_bits`. Throws Error naming the layer when its operands are
// wider than the elements, or float.
Accelerator::Mode mode_of(const Layer& layer, const Accelerator& accelerator, int network_bits);

class LayerCost {
 public:
  // Throws Error as mode_of, and naming the layer when the accumulators are too narrow, or when not even the
  // smallest tile fits into the buffers.
  LayerCost(const Layer& layer, const Accelerator& accelerator, int network_bits, int64_t images);

  // Cycles of the arrays, which do not depend on places.
  const Compute& compute() const { return compute_; }
  // The tiling that moves least.
  const Tiling& tiling(Place inputs, Place weights) const { return tilings_[index(inputs, weights)]; }
  // The same when the layer may use `spare_bits` beyond the buffers for one of its operands.
  Tiling tiling_with_spare(Place inputs, Place weights, int64_t spare_bits) const;

  const Layer& layer() const { return *layer_; }
  const MappingTask& mapping() const { return mapping_; }
  const Accelerator::Mode& mode() const { return mode_; }
  int64_t compulsory_bits(Place inputs, Place weights) const;

  // Whether a layer costs the same as this one, and this cost under its name.
  bool serves(const Layer& layer) const;
  LayerCost for_layer(const Layer& layer) const;

 private:
  static size_t index(Place inputs, Place weights) {
    return (inputs == Place::on_chip ? 1U : 0U) + (weights == Place::on_chip ? 2U : 0U);
  }
  TilingTask tiling_task(Place inputs, Place weights) const;

  const Layer* layer_;
  const Accelerator* accelerator_;
  Accelerator::Mode mode_;
  MappingTask mapping_;
  Compute compute_;
  std::array<Tiling, 4> tilings_;
};

}  // namespace pact::accelerator
