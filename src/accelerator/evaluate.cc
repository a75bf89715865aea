#include "accelerator/evaluate.h"

#include <algorithm>
#include <cmath>

#include "accelerator/schedule.h"
#include "base/error.h"

namespace pact::accelerator {
namespace {

// A fold is a piece that can be moved by itself; more pieces than this change nothing to speak of.
constexpr int64_t kMostPieces = 16;

double real(int64_t x) { return static_cast<double>(x); }

// Of the slowest element that a layer runs on. Elements lie next to each other, so their delay is that of the
// array.
std::optional<double> clock_limit_ghz(const Workload& workload, const Accelerator& accelerator,
                                      const EvaluateOptions& options) {
  if (!options.technology || !accelerator.technology) return std::nullopt;
  const int bits = inner_bits(workload);
  double slowest_ns = 0;
  for (const Layer& layer : workload.layers) {
    const int element = mode_of(layer, accelerator, bits).element_bits;
    const auto& [file, design, accumulator] = *accelerator.technology;
    const auto delay = options.technology->find(design, accumulator, element, element).delay_ns;
    if (!delay) return std::nullopt;
    slowest_ns = std::max(slowest_ns, *delay);
  }
  if (slowest_ns == 0) return std::nullopt;
  return 1 / slowest_ns;
}

// One run over `images` images.
class Evaluation {
 public:
  Evaluation(const Workload& workload, const Accelerator& accelerator, const EvaluateOptions& options,
             int64_t images)
      : workload_(workload),
        accelerator_(accelerator),
        options_(options),
        images_(images),
        bits_(inner_bits(workload)),
        costs_(make_costs()),
        model_(workload_, costs_, {images, accelerator.memory.resident_bits(), accelerator.bits_per_cycle()}),
        residency_(find_residency(model_, options.residency)) {
    for (size_t i = 0; i < workload_.layers.size(); ++i) choose(i);
  }

  double cycles() const {
    double sum = 0;
    for (const TimeAndTraffic& one : times_) sum += one.cycles;
    return sum;
  }

  Result result() {
    Result r;
    r.accelerator = accelerator_.name;
    r.network = workload_.name;
    r.network_bits = bits_;
    r.batch = accelerator_.batch;
    r.images = images_;
    r.residency = residency_;
    r.clock_ghz = accelerator_.clock_ghz;
    r.clock_limit_ghz = clock_limit_ghz(workload_, accelerator_, options_);
    r.peak_macs_per_s = accelerator_.peak_macs_per_s(bits_);
    r.resident_room_bits = real(accelerator_.memory.resident_bits());
    r.pinned_bits = real(model_.pinned_bits(residency_));
    r.has_energy = options_.memory_technology && has_element_energy();
    const double n = real(images_);
    for (size_t i = 0; i < workload_.layers.size(); ++i) {
      r.layers.push_back(layer_result(i));
      const LayerResult& layer = r.layers.back();
      r.cycles_per_image += layer.cycles / n;
      r.compute_cycles_per_image += real(layer.compute.cycles) / n;
      r.external_bits_per_image += layer.moved_bits() / n;
      r.compulsory_bits_per_image += layer.compulsory_bits / n;
      r.operand_bits_per_image += layer.operand_bits / n;
      r.macs_per_image += layer.macs / n;
      r.weight_bits += real(model_.weight_bits(i));
      r.most_live_bits = std::max(r.most_live_bits, layer.live_bits);
      r.energy_per_image.mac_pj += layer.energy.mac_pj / n;
      r.energy_per_image.sram_pj += layer.energy.sram_pj / n;
      r.energy_per_image.dram_pj += layer.energy.dram_pj / n;
    }
    r.scheduled_cycles_per_image =
        options_.detail == Detail::scheduled ? scheduled_cycles() / n : r.cycles_per_image;
    add_area(r);
    return r;
  }

 private:
  std::vector<LayerCost> make_costs() const {
    std::vector<LayerCost> costs;
    costs.reserve(workload_.layers.size());
    for (const Layer& layer : workload_.layers) {
      // Networks repeat their layers; what has been worked out once is taken over.
      const auto same =
          std::ranges::find_if(costs, [&](const LayerCost& other) { return other.serves(layer); });
      if (same != costs.end())
        costs.push_back(same->for_layer(layer));
      else
        costs.emplace_back(layer, accelerator_, bits_, images_);
    }
    return costs;
  }

  // Memory that nothing stays in while the layer runs serves its tiles, where that helps.
  void choose(size_t layer) {
    const LayerCost& cost = costs_[layer];
    const Place inputs = model_.input_place(layer, residency_.kept);
    const Place weights = residency_.pinned[layer] ? Place::on_chip : Place::outside;
    Tiling tiling = cost.tiling(inputs, weights);
    const int64_t spare = model_.options().room_bits - model_.pinned_bits(residency_) -
                          model_.live_bits(layer, residency_.kept);
    if (options_.residency != ResidencySearch::none && spare > 0 &&
        tiling.moved_bits() > cost.compulsory_bits(inputs, weights))
      tiling = cost.tiling_with_spare(inputs, weights, spare);
    tilings_.push_back(tiling);
    times_.push_back(time_of(cost.compute(),
                             tiling.moved_bits() + model_.streamed_bits(layer, residency_.kept),
                             accelerator_.bits_per_cycle()));
  }

  LayerResult layer_result(size_t i) const {
    const Layer& layer = workload_.layers[i];
    const LayerCost& cost = costs_[i];
    LayerResult r;
    r.name = layer.name;
    r.weight_bits = layer.weight_bits;
    r.activation_bits = layer.activation_bits;
    r.accumulator_bits = cost.mapping().accumulator_bits;
    r.macs = real(layer.macs() * images_);
    r.tiling = tilings_[i];
    r.compute = cost.compute();
    r.arrays = cost.mode().arrays;
    r.passes = cost.mode().passes;
    r.cycles = times_[i].cycles;
    r.weight_bits_moved = real(r.tiling.weight_bits);
    r.input_bits_moved = real(r.tiling.input_bits);
    const int index = static_cast<int>(i);
    double outputs = 0, shortcuts = 0;
    for (size_t t = 0; t < workload_.tensors.size(); ++t) {
      const StoredTensor& tensor = workload_.tensors[t];
      const double bits = real(model_.tensor_bits(t));
      const double added = bits * real(std::ranges::count(tensor.adds, index));
      const double made = tensor.producer == index ? bits : 0;
      outputs += made, shortcuts += added;
      if (!residency_.kept[t]) r.output_bits_moved += made, r.shortcut_bits_moved += added;
      if (residency_.kept[t] && tensor.producer == index) r.output_stays = true;
    }
    r.is_pinned = residency_.pinned[i] != 0;
    const Place inputs = model_.input_place(i, residency_.kept);
    r.input_stays = inputs == Place::on_chip;
    r.live_bits = real(model_.live_bits(i, residency_.kept));
    r.compulsory_bits = real(cost.compulsory_bits(inputs, r.is_pinned ? Place::on_chip : Place::outside)) +
                        r.output_bits_moved + r.shortcut_bits_moved;
    r.operand_bits = real(cost.compulsory_bits(Place::outside, Place::outside)) + outputs + shortcuts;
    r.utilisation = r.macs * real(r.passes) / (r.cycles * real(r.arrays.macs_per_cycle()));
    r.bound = bound_of(r);
    add_energy(r, outputs);
    return r;
  }

  // Latency: the arrays are what takes the time, and more than half of it they fill, drain and wait for
  // weights.
  static Bound bound_of(const LayerResult& r) {
    if (r.cycles > real(r.compute.cycles)) return Bound::bandwidth;
    return real(r.compute.streaming_cycles) < 0.5 * real(r.compute.cycles) ? Bound::latency : Bound::compute;
  }

  double scheduled_cycles() const {
    std::vector<ScheduleItem> items;
    for (size_t i = 0; i < workload_.layers.size(); ++i) {
      const LayerResult moved = layer_result(i);
      const int64_t tiles = tile_count(workload_.layers[i], images_, tilings_[i]);
      items.push_back({std::max(tiles, std::min(moved.compute.folds, kMostPieces)), moved.compute.cycles,
                       moved.weight_bits_moved, moved.input_bits_moved + moved.shortcut_bits_moved,
                       moved.output_bits_moved});
    }
    return schedule(items, accelerator_.bits_per_cycle()).back();
  }

  bool has_element_energy() const {
    if (!options_.technology || !accelerator_.technology) return false;
    for (const LayerCost& cost : costs_)
      if (!element(cost.mode().element_bits).energy_pj) return false;
    return true;
  }
  const TechnologyEntry& element(int bits) const {
    return options_.technology->find(accelerator_.technology->design, accelerator_.technology->accumulator,
                                     bits, bits);
  }

  void add_energy(LayerResult& r, double output_bits) const {
    if (!options_.memory_technology || !has_element_energy()) return;
    const MemoryTechnology& memory = *options_.memory_technology;
    const Accelerator::Mode mode = accelerator_.mode(bits_, r.weight_bits, r.activation_bits);
    r.energy.mac_pj = r.macs * real(r.passes) * *element(mode.element_bits).energy_pj;
    const double loaded = r.weight_bits_moved + r.input_bits_moved + r.shortcut_bits_moved;
    r.energy.sram_pj =
        (r.compute.input_reads + r.compute.weight_reads + r.compute.sum_reads + r.output_bits_moved) *
            memory.sram_read_pj_per_bit +
        (r.compute.sum_writes + loaded + output_bits) * memory.sram_write_pj_per_bit;
    r.energy.dram_pj = r.moved_bits() * memory.dram_pj_per_bit;
  }

  void add_area(Result& r) const {
    if (options_.memory_technology)
      r.memory_mm2 =
          real(accelerator_.memory.on_chip_bits) / 8192 * options_.memory_technology->sram_mm2_per_kb;
    if (!options_.technology || !accelerator_.technology) return;
    const Accelerator::Mode mode = accelerator_.mode(bits_, bits_, bits_);
    r.array_area = element(mode.element_bits).area * real(mode.arrays.macs_per_cycle());
  }

  const Workload& workload_;
  const Accelerator& accelerator_;
  const EvaluateOptions& options_;
  int64_t images_;
  int bits_;
  std::vector<LayerCost> costs_;
  ResidencyModel model_;
  Residency residency_;
  std::vector<Tiling> tilings_;
  std::vector<TimeAndTraffic> times_;
};

// How many images run together: the batch, or a part of it.
std::vector<int64_t> run_sizes(int64_t batch) {
  std::vector<int64_t> sizes;
  for (int64_t images = 1; images < batch; images *= 2)
    if (batch % images == 0) sizes.push_back(images);
  sizes.push_back(batch);
  return sizes;
}

}  // namespace

std::string name_of(Bound bound) {
  switch (bound) {
    case Bound::compute:
      return "compute";
    case Bound::bandwidth:
      return "bandwidth";
    case Bound::latency:
      return "latency";
  }
  return "?";
}

Result evaluate(const Workload& workload, const Accelerator& described, const EvaluateOptions& options) {
  Accelerator accelerator = described;
  if (described.is_clock_by_technology) {
    const auto limit = clock_limit_ghz(workload, described, options);
    if (!limit)
      fail(
          "{}: clock_ghz is \"technology\", but {} has no delay_ns of {}/{} at the widths in use; give a "
          "number",
          described.origin, options.technology ? options.technology->origin : "no technology that was read",
          described.technology->design, described.technology->accumulator);
    accelerator.clock_ghz = *limit;
  }
  double best_cycles = 0;
  int64_t best_images = 1;
  const std::vector<int64_t> sizes = run_sizes(accelerator.batch);
  for (const int64_t images : sizes) {
    if (sizes.size() == 1) return Evaluation(workload, accelerator, options, images).result();
    const double cycles =
        Evaluation(workload, accelerator, options, images).cycles() / static_cast<double>(images);
    if (best_cycles == 0 || cycles < best_cycles) best_cycles = cycles, best_images = images;
  }
  return Evaluation(workload, accelerator, options, best_images).result();
}

}  // namespace pact::accelerator
