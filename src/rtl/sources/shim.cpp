// Between a Verilated core and the program that loads it: makes one, clocks it, and tells where its ports lie. Verilator
// keeps every port in whole little-endian words, so bytes can be copied in and out.
#include <cstring>

#include "Vcore.h"
#include "verilated.h"

namespace {
struct Core {
  VerilatedContext context;
  Vcore model{&context};
};
}  // namespace

extern "C" {

void* pact_core_new() { return new Core; }
void pact_core_delete(void* core) { delete static_cast<Core*>(core); }

void pact_core_tick(void* core) {
  Vcore& model = static_cast<Core*>(core)->model;
  model.clock = 1;
  model.eval();
  model.clock = 0;
  model.eval();
}

void* pact_core_port(void* core, const char* name) {
  Vcore& model = static_cast<Core*>(core)->model;
#define PORT(p) \
  if (!std::strcmp(name, #p)) return &model.p;
  PORT(reset)
  PORT(start)
  PORT(folds)
  PORT(length)
  PORT(busy)
  PORT(load)
  PORT(stream)
  PORT(swap)
  PORT(position)
  PORT(result)
  PORT(activation)
  PORT(weight)
  PORT(partial_in)
  PORT(sum_in)
  PORT(partial_out)
  PORT(sum_out)
  PORT(requantize_enable)
  PORT(from_array)
  PORT(x)
  PORT(x_sum)
  PORT(doubled)
  PORT(offset)
  PORT(multiplier)
  PORT(bias)
  PORT(shift)
  PORT(addend)
  PORT(low)
  PORT(high)
  PORT(requantized)
#undef PORT
  return nullptr;
}
}
