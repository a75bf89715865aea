// What stays on the chip. Memory beyond the tile buffers may pin the weights of some layers for good, from
// one run of the network to the next, and keep tensors from the layer that makes them to the last that reads
// them. At every layer the pinned weights and the tensors alive must fit together. Asked for is the least
// time, that is the least
//   sum over layers of max(cycles of the arrays, external bits / bits a cycle),
// and among equals the least traffic.
//
// For given pinned weights the best tensors are found exactly, by dynamic programming over the layers; the
// state is which of the tensors alive are kept. The weights to pin are found
//   greedy:   for a few shares of the memory, by time saved per bit; then tensors and weights once more in
//   turn optimal:  in the same program, whose state also holds how much is pinned, in 1/32 of the memory
#pragma once

#include <cstdint>
#include <vector>

#include "accelerator/layer_cost.h"

namespace pact::accelerator {

enum class ResidencySearch { none, greedy, optimal };

struct Residency {
  std::vector<char> pinned;  // per layer
  std::vector<char> kept;    // per tensor
};

// Cycles, and external bits to decide between equals.
struct TimeAndTraffic {
  double cycles = 0, bits = 0;
  auto operator<=>(const TimeAndTraffic&) const = default;
  TimeAndTraffic operator+(const TimeAndTraffic& other) const {
    return {cycles + other.cycles, bits + other.bits};
  }
};

TimeAndTraffic time_of(const Compute& compute, int64_t moved_bits, double bits_per_cycle);

// A network on one accelerator, `images` at a time, with all that the search asks for again and again in
// tables.
class ResidencyModel {
 public:
  struct Options {
    int64_t images = 1;
    int64_t room_bits = 0;      // for weights and tensors that stay
    double bits_per_cycle = 0;  // external
  };
  // Keeps references to both.
  ResidencyModel(const Workload& workload, const std::vector<LayerCost>& costs, const Options& options);

  const Workload& workload() const { return *workload_; }
  const LayerCost& cost(size_t layer) const { return (*costs_)[layer]; }
  const Options& options() const { return options_; }
  size_t layers() const { return workload_->layers.size(); }

  int64_t weight_bits(size_t layer) const { return weight_bits_[layer]; }
  int64_t tensor_bits(size_t tensor) const { return tensor_bits_[tensor]; }
  // May the tensor stay on chip at all? The network's inputs come from outside, its outputs leave.
  bool may_stay(size_t tensor) const { return may_stay_[tensor] != 0; }
  // Tensors that may stay and are alive while the layer runs.
  const std::vector<size_t>& alive(size_t layer) const { return alive_[layer]; }
  // Tensors that may stay and that the layer makes or reads; bit i of a mask is the i-th of them, set when it
  // is kept.
  const std::vector<size_t>& touched(size_t layer) const { return touched_[layer]; }
  uint32_t mask(size_t layer, const std::vector<char>& kept) const;

  // What moves besides tiles: shortcuts that are read, results that are written.
  int64_t streamed_bits(size_t layer, const std::vector<char>& kept) const;
  Place input_place(size_t layer, const std::vector<char>& kept) const;
  const TimeAndTraffic& time(size_t layer, bool is_pinned, uint32_t mask) const {
    return times_[layer][2 * mask + (is_pinned ? 1 : 0)];
  }
  const TimeAndTraffic& time(size_t layer, const Residency& residency) const {
    return time(layer, residency.pinned[layer] != 0, mask(layer, residency.kept));
  }
  TimeAndTraffic total(const Residency& residency) const;
  int64_t pinned_bits(const Residency& residency) const;
  int64_t live_bits(size_t layer, const std::vector<char>& kept) const;
  Residency nothing_stays() const;

 private:
  const Workload* workload_;
  const std::vector<LayerCost>* costs_;
  Options options_;
  std::vector<int64_t> weight_bits_, tensor_bits_;
  std::vector<char> may_stay_;
  std::vector<std::vector<size_t>> alive_, touched_;
  std::vector<std::vector<TimeAndTraffic>> times_;
};

Residency find_residency(const ResidencyModel& model, ResidencySearch search);

}  // namespace pact::accelerator
