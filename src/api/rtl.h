// `pact rtl` as a function.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "rtl/design.h"

namespace pact::api {

struct RtlCommand {
  rtl::Design design;
  int accumulator_bits = 0;  // 0: as wide as design.terms need
  // A description's file, or its name in configs/accelerators: the array, instead of design's.
  std::string accelerator;
  int bits = 0;              // of its elements; 0: the widest
  std::filesystem::path output;
};

struct RtlSummary {
  rtl::Design design;
  std::vector<std::string> files;
  bool has_replaced = false;  // an earlier design
};

// Writes the SystemVerilog of a design, a test bench and a README into a folder. Throws Error.
RtlSummary write_rtl(const RtlCommand& command);

}  // namespace pact::api
