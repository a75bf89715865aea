// The cost of a network on an accelerator, layer by layer: cycles, external bits, what stays on chip, energy,
// area.
//
// Time of a layer is max(cycles of the arrays, external bits / bits a cycle): tiles are double buffered, so
// that moving and computing overlap. The tile scheduler (schedule.h) walks the tiles one by one and adds what
// does not overlap.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "accelerator/description.h"
#include "accelerator/memory_technology.h"
#include "accelerator/residency.h"
#include "accelerator/technology.h"
#include "accelerator/workload.h"

namespace pact::accelerator {

enum class Bound { compute, bandwidth, latency };
std::string name_of(Bound bound);

struct Energy {
  double mac_pj = 0, sram_pj = 0, dram_pj = 0;
  double total_pj() const { return mac_pj + sram_pj + dram_pj; }
};

// Everything for one run over `images` images.
struct LayerResult {
  std::string name;
  int weight_bits = 0, activation_bits = 0, accumulator_bits = 0;
  double macs = 0;
  Tiling tiling;
  Compute compute;
  Arrays arrays;
  int64_t passes = 1;
  double cycles = 0;                                      // the larger of arrays and bus
  double weight_bits_moved = 0, input_bits_moved = 0;     // of tiles
  double shortcut_bits_moved = 0, output_bits_moved = 0;  // streamed
  double compulsory_bits = 0;  // had each operand, wherever it starts, to move but once
  double operand_bits = 0;     // weights, inputs, shortcuts and results, each once, were nothing on the chip
  bool is_pinned = false, input_stays = false, output_stays = false;
  double live_bits = 0;    // of kept tensors while it runs
  double utilisation = 0;  // MACs / (cycles x elements / passes)
  Bound bound = Bound::compute;
  Energy energy;
  double moved_bits() const {
    return weight_bits_moved + input_bits_moved + shortcut_bits_moved + output_bits_moved;
  }
};

struct Result {
  std::string accelerator, network;
  int network_bits = 0;
  int64_t batch = 1, images = 1;  // images that run layer by layer together; the batch is cut into such runs
  std::vector<LayerResult> layers;
  Residency residency;
  double cycles_per_image = 0, compute_cycles_per_image = 0, scheduled_cycles_per_image = 0;
  double external_bits_per_image = 0, compulsory_bits_per_image = 0, operand_bits_per_image = 0;
  double macs_per_image = 0;
  double pinned_bits = 0, most_live_bits = 0, resident_room_bits = 0, weight_bits = 0;
  double clock_ghz = 1, peak_macs_per_s = 0;
  std::optional<double> clock_limit_ghz;  // of the slowest element in use, where the technology has delays
  Energy energy_per_image;
  bool has_energy = false;
  std::optional<double> array_area, memory_mm2;  // in the technology's units; mm2

  double seconds_per_image() const { return cycles_per_image / (clock_ghz * 1e9); }
  double images_per_second() const { return 1 / seconds_per_image(); }
  double macs_per_s() const { return macs_per_image / seconds_per_image(); }
};

enum class Detail { bound, scheduled };  // with the tile scheduler or without

struct EvaluateOptions {
  ResidencySearch residency = ResidencySearch::optimal;
  Detail detail = Detail::scheduled;
  const Technology* technology = nullptr;               // for delay, energy and area of elements
  const MemoryTechnology* memory_technology = nullptr;  // for energy and area of memories
};

// Throws Error naming the layer that the accelerator cannot hold, or the element whose delay the clock asks
// for and the technology lacks.
Result evaluate(const Workload& workload, const Accelerator& accelerator,
                const EvaluateOptions& options = {});

}  // namespace pact::accelerator
