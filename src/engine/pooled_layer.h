// An integer layer and the max pool behind it, as in the stem of a residual network: the pool reads rows that the layer
// has just written, in a band that stays in the cache of a core. The layer's output, the largest value of such a
// network, never reaches memory.
#pragma once

#include <memory>

#include "engine/integer_step.h"
#include "engine/pool.h"

namespace pact::engine {

class PooledLayer {
 public:
  // `group` has a pool.
  PooledLayer(const StepContext& context, const LayerGroup& group, std::shared_ptr<const IntegerStep> layer);

  // Whether the layer yields rows, few enough of which lie in the band, and threads that share an image repeat few.
  bool is_worthwhile(int threads) const;
  // `layer`: the step of the layer alone.
  Step step(const Step& layer) const;

 private:
  int64_t window_rows() const;  // of the layer's output, that one row of the pool's is made of
  template <typename Element>
  void run(const Workspace& workspace) const;
  // Rows [begin, end) of the pool's output of one image.
  template <typename Element>
  void run_rows(const Workspace& workspace, int64_t image, int64_t begin, int64_t end, int64_t ticket,
                int worker) const;

  std::shared_ptr<const IntegerStep> layer_;
  Pool pool_;
  graph::DataType type_;
  graph::ValueId output_, codes_ = kNoValue;
  kernels::Requantize grid_;  // of `codes_`
  const kernels::RequantizeKernels& kernels_;
  int64_t row_count_;  // elements of a row of the layer's output
  int64_t band_rows_;
  size_t layer_bytes_;  // of scratch, behind which the band lies
};

}  // namespace pact::engine
