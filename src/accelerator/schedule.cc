#include "accelerator/schedule.h"

#include <algorithm>

namespace pact::accelerator {
namespace {

class Timeline {
 public:
  explicit Timeline(double bits_per_cycle) : bits_per_cycle_(bits_per_cycle) {}

  double run(const ScheduleItem& layer) {
    const auto pieces = static_cast<double>(layer.pieces);
    const double weights = layer.weight_bits / pieces, inputs = layer.input_bits / pieces;
    for (int64_t i = 0; i < layer.pieces; ++i) {
      // A buffer is free when the piece before the last is done. Inputs of the first piece are what the layer
      // before stores; later pieces go ahead of the results of the piece before them.
      move(weights, older_done_);
      double loaded = weights > 0 ? bus_ : 0;
      if (i == 0) store_last();
      move(inputs, older_done_);
      if (inputs > 0) loaded = bus_;
      if (i > 0) store_last();
      const double cycles = static_cast<double>(layer.compute_cycles * (i + 1) / layer.pieces -
                                                layer.compute_cycles * i / layer.pieces);
      older_done_ = last_done_;
      last_done_ = std::max(loaded, last_done_) + cycles;
      waiting_bits_ = layer.output_bits / pieces;
    }
    store_last();
    return std::max(bus_, last_done_);
  }

 private:
  void move(double bits, double not_before) {
    if (bits > 0) bus_ = std::max(bus_, not_before) + bits / bits_per_cycle_;
  }
  void store_last() {
    move(waiting_bits_, last_done_);
    waiting_bits_ = 0;
  }

  double bits_per_cycle_;
  double bus_ = 0;                         // free from then on
  double last_done_ = 0, older_done_ = 0;  // when the last piece, and the one before it, are computed
  double waiting_bits_ = 0;                // results of the last piece
};

}  // namespace

std::vector<double> schedule(const std::vector<ScheduleItem>& layers, double bits_per_cycle) {
  Timeline timeline(bits_per_cycle);
  std::vector<double> ends;
  for (const ScheduleItem& layer : layers) ends.push_back(timeline.run(layer));
  return ends;
}

}  // namespace pact::accelerator
