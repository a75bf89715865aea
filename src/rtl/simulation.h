// A core that runs: the sources of a design, turned into a program by Verilator, built and loaded.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "rtl/design.h"

namespace pact::rtl {

// Which form of multiply_add is simulated: the expression, fast, or the adders that are synthesised.
enum class Arithmetic { behavioural, structural };

// Whether Verilator and what it needs can be called.
bool has_verilator();

// A product of matrices: raw[t][n] = start[n] + sum over k of activations[t][k] weights[k][n].
struct Product {
  int64_t rows = 0;                      // t
  int64_t terms = 0;                     // k
  int64_t outputs = 0;                   // n
  std::span<const uint8_t> activations;  // [rows][terms], unsigned codes
  std::span<const uint8_t> weights;      // [terms][outputs], as the design stores them
  std::span<const int32_t> start;        // [outputs]
  int32_t sum_start = 0;                 // what the sums of activations begin with
};

struct Sums {
  std::vector<uint32_t> raw;  // [rows][outputs], modulo 2^accumulator_bits
  std::vector<uint32_t> sum;  // [rows], of the activations, modulo 2^sum_bits
  int64_t folds = 0;
  int64_t cycles = 0;  // counted, while the controller was busy
};

// requantize.sv and correct_sum.sv for rows of channels.
struct Requantization {
  int64_t channels = 0;
  std::span<const uint32_t> x;  // [rows][channels]: raw sums of the array, or with no `sum` integers
  std::span<const uint32_t> sum;
  int doubled = 0;  // 1 where a weight is 2 code - offset
  int offset = 0;
  std::span<const int16_t> multiplier;  // [channels] each
  std::span<const int64_t> bias;
  std::span<const uint8_t> shift;
  std::span<const int32_t> addend;  // [rows][channels], or empty
  int32_t low = INT32_MIN, high = INT32_MAX;
};

class Simulation {
 public:
  // Builds the core in a folder of its own, which goes again; it takes seconds to minutes, and `on_waiting` gets
  // those so far. Throws Error when Verilator is missing or fails, or when the design has codes beyond 8 bits or
  // accumulators beyond 32, and Interrupted (base/child.h).
  Simulation(const Design& design, Arithmetic arithmetic,
             const std::function<void(double)>& on_waiting = {});
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  const Design& design() const;
  Sums multiply(const Product& product);
  std::vector<int32_t> requantize(const Requantization& work);

  // Since it was made: of the array, and of the requantize units.
  int64_t array_cycles() const;
  int64_t requantize_cycles() const;
  // Clocks with nothing to do, for measuring speed.
  void idle(int64_t cycles);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pact::rtl
