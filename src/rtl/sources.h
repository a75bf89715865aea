// The files that are the same for every design but for the defaults of their parameters; they stand in
// sources/.
#pragma once

#include <span>
#include <string_view>

namespace pact::rtl {

struct StaticSource {
  std::string_view name;
  std::string_view text;
};

std::span<const StaticSource> static_sources();

// The C++ between a Verilated core and its host.
std::string_view simulation_shim();

}  // namespace pact::rtl
