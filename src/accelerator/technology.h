// What elements of an array cost in silicon, measured by synthesis and read from configs/technology/*.json
// (docs/accelerator.md states the form). The model knows of areas and energies of elements only from here.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pact::accelerator {

struct TechnologyEntry {
  std::string design;       // "ws_pe", "mac", ...
  std::string accumulator;  // rule of its width: "exact", "fixed32", ...
  int activation_bits = 0, weight_bits = 0;
  double area = 0;   // of one circuit
  int products = 1;  // multiplications a cycle in one circuit
  std::optional<double> accumulator_bits, flops, delay_ns;
  std::optional<double> energy_pj;  // of one product
};

struct Technology {
  std::string library, origin;
  std::map<std::string, std::string> units, provenance;
  std::vector<TechnologyEntry> entries;

  // Throws Error that lists what there is, when there is none.
  const TechnologyEntry& find(const std::string& design, const std::string& accumulator, int activation_bits,
                              int weight_bits) const;
  // How many more products a cycle the same area yields at `bits` than at `base_bits`, weights and
  // activations alike.
  double density(const std::string& design, const std::string& accumulator, int bits,
                 int base_bits = 16) const;
};

// Throws Error naming `origin` and the key.
Technology parse_technology(const std::string& text, const std::string& origin);

}  // namespace pact::accelerator
