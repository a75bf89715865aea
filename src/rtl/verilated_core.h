// The library that Verilator makes of a core: built, loaded, and its ports as pointers.
#pragma once

#include <cstdint>
#include <functional>

#include "rtl/simulation.h"

namespace pact::rtl {

class VerilatedCore {
 public:
  // `on_waiting` gets the seconds that building has taken so far.
  VerilatedCore(const Design& design, Arithmetic arithmetic,
                const std::function<void(double)>& on_waiting = {});
  ~VerilatedCore();
  VerilatedCore(const VerilatedCore&) = delete;
  VerilatedCore& operator=(const VerilatedCore&) = delete;

  void tick() { tick_(core_); }

  template <typename Word>
  Word* port(const char* name) const {
    return static_cast<Word*>(find_port(name));
  }

 private:
  void* find_port(const char* name) const;

  void* library_ = nullptr;
  void* core_ = nullptr;
  void (*tick_)(void*) = nullptr;
  void (*delete_)(void*) = nullptr;
  void* (*port_)(void*, const char*) = nullptr;
};

}  // namespace pact::rtl
