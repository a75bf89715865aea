#include "accelerator/residency.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "accelerator/residency_program.h"

namespace pact::accelerator {
namespace {

// Beyond these, tensors are left outside, so that tables and states stay small.
constexpr size_t kMostTouched = 8, kMostAlive = 16;

// Pins weights into what the kept tensors leave, by time saved per bit.
void pin_greedily(const ResidencyModel& model, Residency& residency) {
  const size_t layers = model.layers();
  int64_t room = model.options().room_bits;
  std::vector<TimeAndTraffic> gain(layers);
  std::vector<size_t> order;
  for (size_t i = 0; i < layers; ++i) {
    const uint32_t mask = model.mask(i, residency.kept);
    const TimeAndTraffic before = model.time(i, false, mask), after = model.time(i, true, mask);
    const auto bits = static_cast<double>(std::max<int64_t>(model.weight_bits(i), 1));
    gain[i] = {(before.cycles - after.cycles) / bits, (before.bits - after.bits) / bits};
    if (gain[i] > TimeAndTraffic{}) order.push_back(i);
    residency.pinned[i] = 0;
    room = std::min(room, model.options().room_bits - model.live_bits(i, residency.kept));
  }
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return gain[a] > gain[b]; });
  for (const size_t i : order) {
    if (model.weight_bits(i) > room) continue;
    residency.pinned[i] = 1;
    room -= model.weight_bits(i);
  }
}

Residency search_greedily(const ResidencyModel& model) {
  constexpr int kShares = 16;
  const int64_t room = model.options().room_bits;
  Residency best;
  TimeAndTraffic best_total{std::numeric_limits<double>::infinity(), 0};
  std::vector<char> last_kept;
  for (int share = 0; share <= kShares; ++share) {
    Residency one = model.nothing_stays();
    one.kept = keep_tensors(model, one.pinned, room - room * share / kShares);
    if (one.kept == last_kept) continue;  // pins the same
    last_kept = one.kept;
    pin_greedily(model, one);
    one.kept = keep_tensors(model, one.pinned, room - model.pinned_bits(one));
    if (const TimeAndTraffic total = model.total(one); total < best_total) best = one, best_total = total;
  }
  return best;
}

}  // namespace

TimeAndTraffic time_of(const Compute& compute, int64_t moved_bits, double bits_per_cycle) {
  const auto bits = static_cast<double>(moved_bits);
  return {std::max(static_cast<double>(compute.cycles), bits / bits_per_cycle), bits};
}

ResidencyModel::ResidencyModel(const Workload& workload, const std::vector<LayerCost>& costs,
                               const Options& options)
    : workload_(&workload),
      costs_(&costs),
      options_(options),
      alive_(workload.layers.size()),
      touched_(workload.layers.size()),
      times_(workload.layers.size()) {
  for (const Layer& layer : workload.layers) weight_bits_.push_back(layer.weights() * layer.weight_bits);
  for (size_t i = 0; i < workload.tensors.size(); ++i) {
    const StoredTensor& tensor = workload.tensors[i];
    tensor_bits_.push_back(tensor.elements * tensor.bits * options.images);
    bool stays = tensor.producer != kOutside && !tensor.leaves && tensor_bits_[i] <= options.room_bits;
    const auto first = static_cast<size_t>(std::max(tensor.producer, 0));
    for (size_t layer = first; stays && layer <= static_cast<size_t>(tensor.readers.back()); ++layer)
      stays = alive_[layer].size() < kMostAlive;
    if (stays) stays = touched_[first].size() < kMostTouched;
    for (const int reader : tensor.readers)
      if (stays) stays = touched_[static_cast<size_t>(reader)].size() < kMostTouched;
    may_stay_.push_back(stays);
    if (!stays) continue;
    for (size_t layer = first; layer <= static_cast<size_t>(tensor.readers.back()); ++layer)
      alive_[layer].push_back(i);
    touched_[first].push_back(i);
    for (const int reader : tensor.readers) touched_[static_cast<size_t>(reader)].push_back(i);
  }
  std::vector<char> kept(workload.tensors.size());
  for (size_t layer = 0; layer < layers(); ++layer) {
    const auto& touched = touched_[layer];
    for (uint32_t mask = 0; mask < (1U << touched.size()); ++mask) {
      for (size_t i = 0; i < touched.size(); ++i) kept[touched[i]] = (mask >> i & 1) != 0;
      const int64_t streamed = streamed_bits(layer, kept);
      const Place inputs = input_place(layer, kept);
      for (const Place weights : {Place::outside, Place::on_chip})
        times_[layer].push_back(time_of(cost(layer).compute(),
                                        cost(layer).tiling(inputs, weights).moved_bits() + streamed,
                                        options.bits_per_cycle));
    }
  }
}

uint32_t ResidencyModel::mask(size_t layer, const std::vector<char>& kept) const {
  uint32_t mask = 0;
  for (size_t i = 0; i < touched_[layer].size(); ++i)
    if (kept[touched_[layer][i]]) mask |= 1U << i;
  return mask;
}

int64_t ResidencyModel::streamed_bits(size_t layer, const std::vector<char>& kept) const {
  int64_t bits = 0;
  const int index = static_cast<int>(layer);
  for (size_t i = 0; i < workload_->tensors.size(); ++i) {
    const StoredTensor& tensor = workload_->tensors[i];
    if (tensor.producer > index || kept[i]) continue;
    if (tensor.producer == index) bits += tensor_bits_[i];
    bits += std::ranges::count(tensor.adds, index) * tensor_bits_[i];
  }
  return bits;
}

Place ResidencyModel::input_place(size_t layer, const std::vector<char>& kept) const {
  return kept[static_cast<size_t>(workload_->layers[layer].input)] ? Place::on_chip : Place::outside;
}

TimeAndTraffic ResidencyModel::total(const Residency& residency) const {
  TimeAndTraffic sum;
  for (size_t i = 0; i < layers(); ++i) sum = sum + time(i, residency);
  return sum;
}

int64_t ResidencyModel::pinned_bits(const Residency& residency) const {
  int64_t sum = 0;
  for (size_t i = 0; i < layers(); ++i)
    if (residency.pinned[i]) sum += weight_bits_[i];
  return sum;
}

int64_t ResidencyModel::live_bits(size_t layer, const std::vector<char>& kept) const {
  int64_t sum = 0;
  for (const size_t tensor : alive_[layer])
    if (kept[tensor]) sum += tensor_bits_[tensor];
  return sum;
}

Residency ResidencyModel::nothing_stays() const {
  return {std::vector<char>(layers(), 0), std::vector<char>(workload_->tensors.size(), 0)};
}

Residency find_residency(const ResidencyModel& model, ResidencySearch search) {
  switch (search) {
    case ResidencySearch::none:
      break;
    case ResidencySearch::greedy:
      return search_greedily(model);
    case ResidencySearch::optimal:
      return search_by_program(model);
  }
  return model.nothing_stays();
}

}  // namespace pact::accelerator
