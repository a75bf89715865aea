// Layer by layer: from the states before a layer to those after it. A state is the set of tensors alive that
// are kept (and how much is pinned so far); of two paths to one state only the better goes on.
#include "accelerator/residency_program.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

namespace pact::accelerator {
namespace {

constexpr size_t kMostStates = 4096;
constexpr int kUnits = 32;
constexpr double kNever = std::numeric_limits<double>::infinity();

// Tensors carry the number of their slot among those alive; a set is a mask of slots.
class Slots {
 public:
  explicit Slots(const ResidencyModel& model) : slot_(model.workload().tensors.size(), -1) {
    std::vector<char> used;
    for (size_t layer = 0; layer < model.layers(); ++layer) {
      for (const size_t tensor : model.alive(layer)) {
        if (slot_[tensor] >= 0) continue;
        const auto free = std::ranges::find(used, 0) - used.begin();
        if (free == std::ssize(used)) used.push_back(0);
        used[static_cast<size_t>(free)] = 1;
        slot_[tensor] = static_cast<int>(free);
      }
      for (const size_t tensor : model.alive(layer))
        if (model.workload().tensors[tensor].readers.back() == static_cast<int>(layer))
          used[static_cast<size_t>(slot_[tensor])] = 0;
    }
  }
  uint32_t bit(size_t tensor) const { return 1U << slot_[tensor]; }

 private:
  std::vector<int> slot_;
};

struct State {
  uint32_t kept = 0;  // slots
  int pinned = 0;     // units
  auto operator<=>(const State&) const = default;
};
struct Path {
  State state;
  TimeAndTraffic total;
  int parent = -1;             // in the layer before
  uint32_t kept_in_layer = 0;  // slots, while the layer ran
  bool is_pinned = false;
};

// Where a state stands in a list: most lists are short enough to be walked.
class Known {
 public:
  // Its index, or the list's size, where it is about to be put.
  size_t place_of(const State& state, const std::vector<Path>& list) {
    constexpr size_t kShort = 24;
    if (list.size() <= kShort) {
      const auto found = std::ranges::find(list, state, &Path::state);
      return static_cast<size_t>(found - list.begin());
    }
    if (index_.empty())
      for (size_t i = 0; i < list.size(); ++i) index_.emplace(key(list[i].state), i);
    return index_.emplace(key(state), list.size()).first->second;
  }

 private:
  static uint64_t key(const State& state) {
    return uint64_t{state.kept} << 16 | static_cast<uint64_t>(state.pinned);
  }
  std::unordered_map<uint64_t, size_t> index_;
};

class Program {
 public:
  explicit Program(const ResidencyModel& model) : model_(model), slots_(model) {}

  // `pin_units` for each layer's weights (0: never pinned), `most_units` of them in all.
  struct Pins {
    std::vector<int> units;
    int most = 0;
    const std::vector<char>* fixed = nullptr;  // pinned already, beside the program
  };

  // The best residency whose tensors take at most `room`; its total is infinite when there is none.
  std::pair<Residency, TimeAndTraffic> run(const Pins& pins, int64_t room) {
    std::vector<std::vector<Path>> steps{{Path{}}};
    for (size_t layer = 0; layer < model_.layers(); ++layer) {
      steps.push_back(advance(steps.back(), layer, pins, room));
      if (steps.back().empty()) return {model_.nothing_stays(), {kNever, 0}};
    }
    const auto best = std::ranges::min_element(steps.back(), {}, &Path::total);
    return {trace(steps, static_cast<int>(best - steps.back().begin()), pins), best->total};
  }

 private:
  std::vector<Path> advance(const std::vector<Path>& before, size_t layer, const Pins& pins, int64_t room) {
    std::vector<size_t> fresh;
    uint32_t leaving = 0;
    for (const size_t tensor : model_.alive(layer)) {
      const StoredTensor& one = model_.workload().tensors[tensor];
      if (one.producer == static_cast<int>(layer)) fresh.push_back(tensor);
      if (one.readers.back() == static_cast<int>(layer)) leaving |= slots_.bit(tensor);
    }
    std::vector<Path> after;
    Known known;
    for (size_t parent = 0; parent < before.size(); ++parent)
      for (uint32_t choice = 0; choice < (1U << fresh.size()); ++choice) {
        uint32_t kept = before[parent].state.kept;
        for (size_t i = 0; i < fresh.size(); ++i)
          if (choice >> i & 1) kept |= slots_.bit(fresh[i]);
        if (bits_of(layer, kept) > room) continue;
        for (int pin = 0; pin <= (pins.units[layer] > 0 ? 1 : 0); ++pin) {
          const int pinned = before[parent].state.pinned + pin * pins.units[layer];
          if (pinned > pins.most) continue;
          const bool is_pinned = pin == 1 || (pins.fixed && (*pins.fixed)[layer]);
          const Path path{{kept & ~leaving, pinned},
                          before[parent].total + model_.time(layer, is_pinned, mask_of(layer, kept)),
                          static_cast<int>(parent),
                          kept,
                          pin == 1};
          const size_t place = known.place_of(path.state, after);
          if (place == after.size())
            after.push_back(path);
          else if (path.total < after[place].total)
            after[place] = path;
        }
      }
    if (after.size() > kMostStates) {
      std::ranges::nth_element(after, after.begin() + kMostStates, {}, &Path::total);
      after.resize(kMostStates);
    }
    return after;
  }

  Residency trace(const std::vector<std::vector<Path>>& steps, int at, const Pins& pins) const {
    Residency residency = model_.nothing_stays();
    for (size_t layer = model_.layers(); layer-- > 0;) {
      const Path& path = steps[layer + 1][static_cast<size_t>(at)];
      residency.pinned[layer] = path.is_pinned || (pins.fixed && (*pins.fixed)[layer]);
      for (const size_t tensor : model_.alive(layer))
        if (path.kept_in_layer & slots_.bit(tensor)) residency.kept[tensor] = 1;
      at = path.parent;
    }
    return residency;
  }

  int64_t bits_of(size_t layer, uint32_t kept) const {
    int64_t sum = 0;
    for (const size_t tensor : model_.alive(layer))
      if (kept & slots_.bit(tensor)) sum += model_.tensor_bits(tensor);
    return sum;
  }
  uint32_t mask_of(size_t layer, uint32_t kept) const {
    uint32_t mask = 0;
    const auto& touched = model_.touched(layer);
    for (size_t i = 0; i < touched.size(); ++i)
      if (kept & slots_.bit(touched[i])) mask |= 1U << i;
    return mask;
  }

  const ResidencyModel& model_;
  Slots slots_;
};

}  // namespace

std::vector<char> keep_tensors(const ResidencyModel& model, const std::vector<char>& pinned,
                               int64_t room_bits) {
  Program program(model);
  return program.run({std::vector<int>(model.layers(), 0), 0, &pinned}, room_bits).first.kept;
}

Residency search_by_program(const ResidencyModel& model) {
  const int64_t unit = std::max<int64_t>(model.options().room_bits / kUnits, 1);
  std::vector<int> units;
  for (size_t i = 0; i < model.layers(); ++i)
    units.push_back(static_cast<int>(std::min<int64_t>(ceil_div(model.weight_bits(i), unit), kUnits + 1)));
  Program program(model);
  Residency best = find_residency(model, ResidencySearch::greedy);  // never worse than that
  TimeAndTraffic best_total = model.total(best);
  for (int most = 0; most <= kUnits; ++most) {
    const auto [one, total] = program.run({units, most}, model.options().room_bits - most * unit);
    if (total < best_total) best = one, best_total = total;
  }
  return best;
}

}  // namespace pact::accelerator
