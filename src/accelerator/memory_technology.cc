#include "accelerator/memory_technology.h"

#include "accelerator/fields.h"

namespace pact::accelerator {

MemoryTechnology parse_memory_technology(const std::string& text, const std::string& origin) {
  constexpr Range kFromZero{0, kHuge};
  const Json json = parse_json(text, origin);
  Fields fields(json, origin);
  MemoryTechnology memory;
  memory.origin = origin;
  memory.name = fields.text("name");
  memory.source = fields.text("source");
  memory.sram_read_pj_per_bit = fields.real("sram_read_pj_per_bit", kFromZero);
  memory.sram_write_pj_per_bit = fields.real("sram_write_pj_per_bit", kFromZero);
  memory.sram_mm2_per_kb = fields.real("sram_mm2_per_kb", kFromZero);
  memory.dram_pj_per_bit = fields.real("dram_pj_per_bit", kFromZero);
  fields.finish();
  return memory;
}

}  // namespace pact::accelerator
