// An accelerator as configs/accelerators/*.json describes it (docs/accelerator.md lists the keys): cores with
// a systolic array each, a memory on the chip that all share, an external memory behind a bus of limited
// bandwidth.
#pragma once

#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "accelerator/cycles.h"
#include "accelerator/technology.h"

namespace pact::accelerator {

// What the area of the arrays holds when elements have some width of operands.
struct Arrays {
  int64_t cores = 1;
  ArrayShape shape;
  int64_t macs_per_cycle() const { return cores * shape.elements(); }
  bool operator==(const Arrays&) const = default;
};

enum class Precision {
  fixed,         // a chip has elements of one width: `arrays` are chips of equal area, one per width
  configurable,  // one chip whose elements split: a layer uses the widest arrays that still hold its operands
};
// What happens to a layer that is wider than the elements.
enum class WiderLayers { refuse, passes };  // passes: ceil(a / e) ceil(w / e) passes over e-bit slices

struct Memory {
  int64_t on_chip_bits = 0;  // in all, buffers included
  // Tiles that stream through: double buffered, of the whole chip. The rest keeps weights and activations.
  int64_t input_buffer_bits = 0, weight_buffer_bits = 0, accumulator_buffer_bits = 0;
  double bandwidth_gb_s = 0;  // external, 1e9 bytes a second; infinity: not a limit
  int64_t resident_bits() const {
    return on_chip_bits - input_buffer_bits - weight_buffer_bits - accumulator_buffer_bits;
  }
};

struct ElementTechnology {
  std::string file, design, accumulator;
};

struct Accelerator {
  std::string name, description, origin;
  std::map<int, Arrays> arrays;  // by the bits of operands
  Precision precision = Precision::configurable;
  WiderLayers wider_layers = WiderLayers::refuse;
  std::vector<Dataflow> dataflows;  // several: the best one per layer
  Buffering buffering = Buffering::double_;
  double clock_ghz = 1;
  bool is_clock_by_technology = false;  // as fast as the slowest element in use allows; clock_ghz is then 1
  int accumulator_bits = 0;  // 0: as wide as each layer needs
  int64_t batch = 1;
  Memory memory;
  std::optional<ElementTechnology> technology;  // of the elements: area, delay and energy
  std::optional<std::string> memory_technology;

  double bits_per_cycle() const { return memory.bandwidth_gb_s * 8 / clock_ghz; }
  // What a network of `bits` runs its layers of `layer_bits` on, and how many passes each takes.
  struct Mode {
    Arrays arrays;
    int element_bits = 0;
    int64_t passes = 1;
  };
  // Throws Error (without the layer's name) when no mode holds them.
  Mode mode(int network_bits, int weight_bits, int activation_bits) const;
  // MACs a second at the width that a network of `bits` runs at.
  double peak_macs_per_s(int bits) const;
};

inline constexpr double kUnlimited = std::numeric_limits<double>::infinity();

// The technology file that a description names, if any; it is relative to the description.
std::optional<std::string> technology_of(const std::string& text, const std::string& origin);
// `technology` is what that file holds; it may be null where arrays.iso_area does not ask for densities.
// Throws Error naming `origin` and the key at fault.
Accelerator parse_accelerator(const std::string& text, const std::string& origin,
                              const Technology* technology = nullptr);
// The array of at most so many elements that is nearest to a square.
ArrayShape nearly_square(double elements);
// What must hold beyond each key by itself; for descriptions that were changed by hand. Throws Error.
void require_sound(const Accelerator& accelerator);

}  // namespace pact::accelerator
