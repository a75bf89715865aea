// Cycles a second of simulated arrays, as `pact cosimulate` builds them: the array alone, new activations in
// each cycle, one long fold after the other.
//
// usage: verilated_array_bench [CYCLES]     (400000)
//
// Prints the best of five turns of each array, in processor time, since other turns tell of neighbours on the
// machine.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "rtl/design.h"
#include "rtl/verilated_core.h"

namespace {

using namespace pact;
using namespace pact::rtl;

class RunningArray {
 public:
  explicit RunningArray(const Design& design)
      : design_(design),
        core_(design, Arithmetic::behavioural),
        activation_(core_.port<uint8_t>("activation")) {
    auto* reset = core_.port<uint8_t>("reset");
    *reset = 1;
    core_.tick();
    *reset = 0;
    *core_.port<uint32_t>("folds") = 1u << 20;
    *core_.port<uint32_t>("length") = 1024;
    *core_.port<uint8_t>("start") = 1;
    core_.tick();
    *core_.port<uint8_t>("start") = 0;
  }

  double cycles_a_second(int64_t cycles) {
    Random random(1);
    std::vector<uint8_t> bytes(4096);
    const int mask = (1 << design_.element.activation_bits) - 1;
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(static_cast<int>(random.below(256)) & mask);
    const std::clock_t begin = std::clock();
    for (int64_t i = 0; i < cycles; ++i) {
      std::memcpy(activation_, &bytes[static_cast<size_t>(i & 2047)], static_cast<size_t>(design_.rows));
      core_.tick();
    }
    return static_cast<double>(cycles) * CLOCKS_PER_SEC / static_cast<double>(std::clock() - begin);
  }

 private:
  Design design_;
  VerilatedCore core_;
  uint8_t* activation_;
};

}  // namespace

int main(int argc, char** argv) {
  const int64_t cycles = argc > 1 ? std::atoll(argv[1]) : 400000;
  if (cycles <= 0) {
    fmt::print(stderr, "usage: verilated_array_bench [CYCLES]\n");
    return 2;
  }
  try {
    for (const Buffering buffering : {Buffering::single, Buffering::double_})
      for (const int bits : {8, 4, 2}) {
        Design design;
        design.element.activation_bits = design.element.weight_bits = bits;
        design.element.accumulator_bits = exact_accumulator_bits(bits, bits, design.terms);
        design.buffering = buffering;
        RunningArray array(design);
        double best = 0;
        for (int turn = 0; turn < 5; ++turn) best = std::max(best, array.cycles_a_second(cycles));
        fmt::print("{} x {}, {} x {} bits into {}, {} buffered: {:.2f} million cycles/s\n", design.rows,
                   design.columns, bits, bits, design.element.accumulator_bits,
                   buffering == Buffering::single ? "single" : "double", best * 1e-6);
      }
  } catch (const Error& error) {
    fmt::print(stderr, "verilated_array_bench: {}\n", error.what());
    return 1;
  }
}
