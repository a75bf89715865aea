#include "accelerator/layer_cost.h"

#include <algorithm>
#include <optional>

#include "base/error.h"

namespace pact::accelerator {
Accelerator::Mode mode_of(const Layer& layer, const Accelerator& accelerator, int network_bits) {
  if (layer.weight_bits >= 32 || layer.activation_bits >= 32)
    fail(ErrorKind::unsupported,
         "{}: has float operands, and an array takes integers; give bits to the network, or quantize the "
         "layer",
         layer.name);
  try {
    return accelerator.mode(network_bits, layer.weight_bits, layer.activation_bits);
  } catch (const Error& error) {
    fail(ErrorKind::unsupported, "{}: {}", layer.name, error.what());
  }
}

namespace {

// Traffic is counted in 64-bit integers: inputs at most once per output channel and image, weights once per
// row.
void require_countable(const Layer& layer, int64_t images) {
  double bits = 64.0 * static_cast<double>(images);
  for (const int64_t extent :
       {layer.in_channels, std::max(layer.in_rows, layer.out_rows), layer.out_channels,
        std::max(layer.in_columns, layer.out_columns), layer.kernel_rows, layer.kernel_columns})
    bits *= static_cast<double>(extent);
  if (bits > 4e18) fail(ErrorKind::unsupported, "{}: is too large to be counted", layer.name);
}

int accumulator_bits(const Layer& layer, const Accelerator& accelerator) {
  const int exact = layer.exact_accumulator_bits();
  if (accelerator.accumulator_bits == 0) return exact;
  if (accelerator.accumulator_bits < exact)
    fail(ErrorKind::unsupported,
         "{}: sums {} products of {} by {} bits and needs accumulators of {} bits, those of {} have {}; set "
         "accumulator_bits to at least {} or to \"exact\"",
         layer.name, layer.depth(), layer.weight_bits, layer.activation_bits, exact, accelerator.name,
         accelerator.accumulator_bits, exact);
  return accelerator.accumulator_bits;
}

// The one that moves least; nothing when there is none.
std::optional<Tiling> least(const std::vector<Tiling>& tilings) {
  const auto best = std::ranges::min_element(tilings, {}, &Tiling::moved_bits);
  return best == tilings.end() ? std::nullopt : std::optional(*best);
}

}  // namespace

LayerCost::LayerCost(const Layer& layer, const Accelerator& accelerator, int network_bits, int64_t images)
    : layer_(&layer), accelerator_(&accelerator), mode_(mode_of(layer, accelerator, network_bits)) {
  require_countable(layer, images);
  mapping_.layer = layer_;
  mapping_.images = images;
  mapping_.arrays = mode_.arrays;
  mapping_.passes = mode_.passes;
  mapping_.buffering = accelerator.buffering;
  mapping_.accumulator_bits = accumulator_bits(layer, accelerator);
  mapping_.accumulator_budget = accelerator.memory.accumulator_buffer_bits / 2;
  const std::optional<Tiling> all_outside = least(find_tilings(tiling_task(Place::outside, Place::outside)));
  if (!all_outside) {
    const auto kb = [](int64_t bits) { return static_cast<double>(2 * bits) / 8192; };
    fail(ErrorKind::unsupported,
         "{}: not even its smallest tile fits into the buffers of {}; double buffered, one output row takes "
         "{:.3g} kB "
         "of inputs per channel and {:.3g} kB of accumulators, one channel {:.3g} kB of weights; raise "
         "memory.buffers",
         layer.name, accelerator.name,
         kb(input_rows_of_tile(layer, 1) * layer.in_columns * layer.activation_bits),
         kb(layer.out_columns * mapping_.accumulator_bits),
         kb(layer.kernel_rows * layer.kernel_columns * layer.weight_bits));
  }
  compute_ = map_layer(mapping_, accelerator.dataflows);
  for (const Place inputs : {Place::outside, Place::on_chip})
    for (const Place weights : {Place::outside, Place::on_chip})
      tilings_[index(inputs, weights)] = *least(find_tilings(tiling_task(inputs, weights)));
}

bool LayerCost::serves(const Layer& layer) const {
  const auto sizes = [](const Layer& x) {
    return std::array{x.in_channels,
                      x.in_rows,
                      x.in_columns,
                      x.out_channels,
                      x.out_rows,
                      x.out_columns,
                      x.kernel_rows,
                      x.kernel_columns,
                      x.row_stride,
                      x.column_stride,
                      x.row_dilation,
                      x.column_dilation,
                      x.top_pad,
                      x.left_pad,
                      x.groups,
                      int64_t{x.weight_bits},
                      int64_t{x.activation_bits}};
  };
  return sizes(layer) == sizes(*layer_);
}

LayerCost LayerCost::for_layer(const Layer& layer) const {
  LayerCost cost = *this;
  cost.layer_ = cost.mapping_.layer = &layer;
  return cost;
}

TilingTask LayerCost::tiling_task(Place inputs, Place weights) const {
  TilingTask task;
  task.layer = layer_;
  task.images = mapping_.images;
  task.accumulator_bits = mapping_.accumulator_bits;
  task.inputs = inputs;
  task.weights = weights;
  const Memory& memory = accelerator_->memory;
  task.budget = {memory.input_buffer_bits / 2, memory.weight_buffer_bits / 2,
                 memory.accumulator_buffer_bits / 2};
  return task;
}

Tiling LayerCost::tiling_with_spare(Place inputs, Place weights, int64_t spare_bits) const {
  TilingTask task = tiling_task(inputs, weights);
  const TileBudget buffers = task.budget;
  Tiling best = tiling(inputs, weights);
  for (int64_t TileBudget::*operand : {&TileBudget::inputs, &TileBudget::weights}) {
    task.budget = buffers;
    task.budget.*operand += spare_bits / 2;
    const Tiling one = *least(find_tilings(task));
    if (one.moved_bits() < best.moved_bits()) best = one;
  }
  return best;
}

int64_t LayerCost::compulsory_bits(Place inputs, Place weights) const {
  return accelerator::compulsory_bits(tiling_task(inputs, weights));
}

}  // namespace pact::accelerator
