// How long the accelerator model takes for one configuration of ResNet-50, by the search for what stays on
// chip.
//
// usage: accelerate_bench [DESCRIPTION.json]     (configs/accelerators/paper-iso-area.json)
//
// Prints the median processor time over many evaluations that differ in memory and bandwidth, so that nothing
// can be remembered.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <vector>

#include "accelerator/evaluate.h"
#include "accelerator/load.h"
#include "base/error.h"
#include "zoo/zoo.h"

namespace {

using namespace pact;
using namespace pact::accelerator;

double median_us(const Workload& workload, const Accelerator& described, const EvaluateOptions& options,
                 int rounds) {
  std::vector<double> times;
  double sum = 0;
  for (int i = 0; i < rounds; ++i) {
    Accelerator chip = described;
    chip.memory.on_chip_bits += int64_t{i} * 40'000;
    chip.memory.bandwidth_gb_s = 16 + i;
    const std::clock_t begin = std::clock();
    sum += evaluate(workload, chip, options).cycles_per_image;
    times.push_back(1e6 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
  }
  PACT_CHECK(sum > 0);
  std::ranges::sort(times);
  return times[times.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Hardware hardware = load_hardware(argc > 1 ? argv[1] : "configs/accelerators/paper-iso-area.json");
    const zoo::ZooEntry& entry = zoo::find_entry("resnet50");
    const Workload network = make_workload(entry.build(entry.usual_input));
    for (const int bits : {16, 8, 4, 2}) {
      const Workload workload = with_bits(network, {bits, 8, 8, 0});
      EvaluateOptions options;
      options.detail = Detail::bound;
      options.residency = ResidencySearch::none;
      const double none = median_us(workload, hardware.accelerator, options, 201);
      options.residency = ResidencySearch::greedy;
      const double greedy = median_us(workload, hardware.accelerator, options, 201);
      options.residency = ResidencySearch::optimal;
      const double optimal = median_us(workload, hardware.accelerator, options, 11);
      fmt::print(
          "{:>2} bits: nothing stays {:>7.0f} us, greedy {:>7.0f} us, optimal {:>7.0f} us a configuration\n",
          bits, none, greedy, optimal);
    }
  } catch (const Error& error) {
    fmt::print(stderr, "accelerate_bench: {}\n", error.what());
    return 1;
  }
}
