#include "rtl/sources.h"

#include <array>

namespace pact::embedded {
extern const std::string_view rtl_accumulating_mac_sv, rtl_configurable_element_sv, rtl_controller_sv,
    rtl_core_sv, rtl_correct_sum_sv, rtl_full_adder_sv, rtl_half_adder_sv, rtl_processing_element_sv,
    rtl_requantize_sv, rtl_sum_element_sv, rtl_systolic_array_sv, rtl_test_bench_sv, rtl_readme_md,
    rtl_shim_cpp;
}

namespace pact::rtl {

std::span<const StaticSource> static_sources() {
  using namespace embedded;
  static const std::array<StaticSource, 13> sources{{
      {"accumulating_mac.sv", rtl_accumulating_mac_sv},
      {"configurable_element.sv", rtl_configurable_element_sv},
      {"controller.sv", rtl_controller_sv},
      {"core.sv", rtl_core_sv},
      {"correct_sum.sv", rtl_correct_sum_sv},
      {"full_adder.sv", rtl_full_adder_sv},
      {"half_adder.sv", rtl_half_adder_sv},
      {"processing_element.sv", rtl_processing_element_sv},
      {"requantize.sv", rtl_requantize_sv},
      {"sum_element.sv", rtl_sum_element_sv},
      {"systolic_array.sv", rtl_systolic_array_sv},
      {"test_bench.sv", rtl_test_bench_sv},
      {"README.md", rtl_readme_md},
  }};
  return sources;
}

std::string_view simulation_shim() { return embedded::rtl_shim_cpp; }

}  // namespace pact::rtl
