// What a bit costs in the memories: energies of on-chip and external memory and the area on chip, read from
// configs/memory/*.json with their source.
#pragma once

#include <string>

namespace pact::accelerator {

struct MemoryTechnology {
  std::string name, source, origin;
  double sram_read_pj_per_bit = 0, sram_write_pj_per_bit = 0, sram_mm2_per_kb = 0;
  double dram_pj_per_bit = 0;
};

// Throws Error naming `origin` and the key.
MemoryTechnology parse_memory_technology(const std::string& text, const std::string& origin);

}  // namespace pact::accelerator
