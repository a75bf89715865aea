#include "api/accelerate.h"

#include <algorithm>
#include <cmath>

#include "accelerator/topology.h"
#include "api/configs.h"
#include "api/inspect.h"
#include "base/error.h"
#include "base/files.h"
#include "graph/text.h"

namespace pact::api {
namespace {

using accelerator::Accelerator;
using accelerator::Workload;

Workload load_workload(const std::string& network) {
  if (network.ends_with(".csv")) return accelerator::parse_topology(read_file(network, 64 << 20), network);
  return accelerator::make_workload(graph::parse(inspect(network).text, network));
}

// Without bits of its own a network runs on no array.
void require_bits(const Workload& network, const AccelerateCommand& command) {
  if (!command.bits.empty()) return;
  const auto is_float = [](const accelerator::Layer& l) {
    return l.weight_bits >= 32 || l.activation_bits >= 32;
  };
  const auto count = std::ranges::count_if(network.layers, is_float);
  if (count == 0) return;
  const std::string which = count == static_cast<std::ptrdiff_t>(network.layers.size())
                                ? "is a float network"
                                : fmt::format("has {} float layers, '{}' the first of them", count,
                                              std::ranges::find_if(network.layers, is_float)->name);
  fail(ErrorKind::usage,
       "{}: {}, and arrays take integers; say the bits of weights and activations, such as --bits 16,8,4,2",
       command.network, which);
}

// The network at `bits`; 0: as it is.
Workload at_bits(const Workload& network, const AccelerateCommand& command, int bits, int first_last) {
  if (bits == 0) return accelerator::with_shortcut_bits(network, command.shortcut_bits);
  return accelerator::with_bits(network, {bits, first_last, first_last, command.shortcut_bits});
}

int64_t scaled(int64_t bits, double by) {
  return static_cast<int64_t>(std::llround(static_cast<double>(bits) * by));
}

void require_within(const char* what, double x, const NumberRange& range) {
  if (!(x >= range.least && x <= range.most))
    fail(ErrorKind::usage, "{} must be from {:g} to {:g} {}, not {:g}", what, range.least, range.most,
         range.unit, x);
}

void set_memory(Accelerator& chip, double on_chip_kb) {
  require_within("memory on chip", on_chip_kb, kMemoryRange);
  accelerator::Memory& memory = chip.memory;
  const double by = on_chip_kb * 8192 / static_cast<double>(memory.on_chip_bits);
  memory.on_chip_bits = scaled(memory.on_chip_bits, by);
  memory.input_buffer_bits = scaled(memory.input_buffer_bits, by);
  memory.weight_buffer_bits = scaled(memory.weight_buffer_bits, by);
  memory.accumulator_buffer_bits = scaled(memory.accumulator_buffer_bits, by);
}

double widest_peak_tmacs(const Accelerator& chip) {
  return static_cast<double>(chip.arrays.rbegin()->second.macs_per_cycle()) * chip.clock_ghz * 1e-3;
}

void set_peak(Accelerator& chip, double tmacs) {
  require_within("the peak", tmacs, kPeakRange);
  chip.clock_ghz *= tmacs / widest_peak_tmacs(chip);
  chip.is_clock_by_technology = false;
}

Accelerator changed(const Accelerator& described, const AccelerateCommand& command) {
  Accelerator chip = described;
  if (command.on_chip_kb) set_memory(chip, *command.on_chip_kb);
  if (command.peak_tmacs) set_peak(chip, *command.peak_tmacs);
  if (command.batch) chip.batch = *command.batch;
  return chip;
}

std::vector<double> bandwidths_of(const AccelerateCommand& command, const Accelerator& chip) {
  if (command.bandwidths_gb_s.empty()) return {chip.memory.bandwidth_gb_s};
  return command.bandwidths_gb_s;
}
std::vector<int> bits_of(const AccelerateCommand& command) {
  if (command.bits.empty()) return {0};
  return command.bits;
}

std::vector<Density> densities_of(const accelerator::Hardware& hardware) {
  std::vector<Density> rows;
  if (!hardware.technology) return rows;
  for (const accelerator::TechnologyEntry& entry : hardware.technology->entries) {
    const auto base = std::ranges::find_if(hardware.technology->entries, [&](const auto& other) {
      return other.design == entry.design && other.accumulator == entry.accumulator &&
             other.weight_bits == 16 && other.activation_bits == 16;
    });
    if (base == hardware.technology->entries.end() || entry.weight_bits != entry.activation_bits) continue;
    rows.push_back({entry.design, entry.accumulator, entry.weight_bits,
                    (base->area / base->products) / (entry.area / entry.products)});
  }
  return rows;
}

}  // namespace

Acceleration accelerate(const AccelerateCommand& command) {
  const Workload network = load_workload(command.network);
  require_bits(network, command);
  Acceleration result;
  result.hardware = accelerator::load_hardware(find_config("accelerators", command.accelerator));
  result.densities = densities_of(result.hardware);
  accelerator::EvaluateOptions options;
  options.residency = command.residency;
  if (result.hardware.technology) options.technology = &*result.hardware.technology;
  if (result.hardware.memory_technology) options.memory_technology = &*result.hardware.memory_technology;

  Accelerator& described = result.hardware.accelerator;
  described = changed(described, command);  // what is told of it is what is computed
  Accelerator chip = described;
  for (const double bandwidth : bandwidths_of(command, chip)) {
    chip.memory.bandwidth_gb_s = bandwidth;
    accelerator::require_sound(chip);
    const size_t first = result.points.size();
    for (const int bits : bits_of(command)) {
      AcceleratePoint point;
      point.result = evaluate(at_bits(network, command, bits, command.first_last_bits), chip, options);
      point.bits = point.result.network_bits;
      point.bandwidth_gb_s = bandwidth;
      point.on_chip_kb = static_cast<double>(chip.memory.on_chip_bits) / 8192;
      point.peak_tmacs = point.result.peak_macs_per_s * 1e-12;
      if (bits != 0 && bits < command.first_last_bits)
        point.inner_speed_up =
            point.result.seconds_per_image() /
            evaluate(at_bits(network, command, bits, bits), chip, options).seconds_per_image();
      result.points.push_back(std::move(point));
      AcceleratePoint &last = result.points.back(), &base = result.points[first];
      last.speed_up = base.result.seconds_per_image() / last.result.seconds_per_image();
      last.peak_ratio = last.peak_tmacs / base.peak_tmacs;
    }
  }
  return result;
}

std::vector<SweepRow> sweep(const SweepCommand& command,
                            const std::function<void(size_t, size_t)>& on_progress) {
  const Workload network = load_workload(command.base.network);
  require_bits(network, command.base);
  const accelerator::Hardware hardware =
      accelerator::load_hardware(find_config("accelerators", command.base.accelerator));
  const std::vector<int> all_bits = bits_of(command.base);
  std::vector<Workload> workloads;
  for (const int bits : all_bits)
    workloads.push_back(at_bits(network, command.base, bits, command.base.first_last_bits));
  const std::vector<double> bandwidths = bandwidths_of(command.base, hardware.accelerator);
  accelerator::EvaluateOptions options;
  options.residency = command.base.residency;
  options.detail = accelerator::Detail::bound;

  if (hardware.technology) options.technology = &*hardware.technology;

  std::vector<double> memories = command.on_chip_kb;
  if (memories.empty()) memories = {static_cast<double>(hardware.accelerator.memory.on_chip_bits) / 8192};
  std::vector<std::optional<double>> peaks(command.peak_tmacs.begin(), command.peak_tmacs.end());
  if (peaks.empty()) peaks = {std::nullopt};  // as described, or as its elements allow
  std::vector<SweepRow> rows;
  const size_t count = memories.size() * peaks.size() * bandwidths.size() * all_bits.size();
  if (count > kMaxConfigurations)  // each list has at most kMaxNumbers, so the product cannot wrap around
    fail(ErrorKind::usage, "--sweep: these lists make {} configurations; up to {} are computed at once",
         count, kMaxConfigurations);
  for (const double memory : memories)
    for (const std::optional<double> peak : peaks)
      for (const double bandwidth : bandwidths) {
        Accelerator chip = changed(hardware.accelerator, command.base);
        set_memory(chip, memory);
        if (peak) set_peak(chip, *peak);
        chip.memory.bandwidth_gb_s = bandwidth;
        accelerator::require_sound(chip);
        const size_t first = rows.size();
        double base_peak = 0;
        for (size_t i = 0; i < all_bits.size(); ++i) {
          const accelerator::Result r = evaluate(workloads[i], chip, options);
          SweepRow row;
          row.bits = r.network_bits;
          row.on_chip_kb = memory, row.bandwidth_gb_s = bandwidth;
          row.peak_tmacs = chip.is_clock_by_technology ? r.peak_macs_per_s * 1e-12 : widest_peak_tmacs(chip);
          row.images_per_second = r.images_per_second();
          row.external_bytes = r.external_bits_per_image / 8;
          row.stays_fraction = 1 - r.external_bits_per_image / r.operand_bits_per_image;
          row.utilisation = r.macs_per_s() / r.peak_macs_per_s;
          if (i == 0) base_peak = r.peak_macs_per_s;
          row.peak_ratio = r.peak_macs_per_s / base_peak;
          rows.push_back(row);
          rows.back().speed_up = row.images_per_second / rows[first].images_per_second;
          on_progress(rows.size(), count);
        }
      }
  return rows;
}

}  // namespace pact::api
