#include "base/cpu.h"

#include <sched.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/strings.h"

namespace pact {

std::string_view name_of(Isa isa) {
  switch (isa) {
    case Isa::portable:
      return "portable";
    case Isa::x86_avx2:
      return "x86_avx2";
    case Isa::x86_avxvnni:
      return "x86_avxvnni";
    case Isa::x86_avx512:
      return "x86_avx512";
    case Isa::x86_avx512vnni:
      return "x86_avx512vnni";
  }
  return "?";
}

Isa included_in(Isa isa) {
  switch (isa) {
    case Isa::portable:
    case Isa::x86_avx2:
      return Isa::portable;
    case Isa::x86_avxvnni:
    case Isa::x86_avx512:
      return Isa::x86_avx2;
    case Isa::x86_avx512vnni:
      return Isa::x86_avx512;
  }
  return Isa::portable;
}

#if defined(__x86_64__)
// Bit 4 of cpuid leaf 7, subleaf 1, register eax; the compiler's own test does not know it.
static bool has_avxvnni() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0 && (eax >> 4 & 1) != 0;
}
#endif

std::vector<Isa> available_isas() {
  std::vector<Isa> isas{Isa::portable};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    isas.push_back(Isa::x86_avx2);
    if (has_avxvnni()) isas.push_back(Isa::x86_avxvnni);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
      isas.push_back(Isa::x86_avx512);
      if (__builtin_cpu_supports("avx512vnni")) isas.push_back(Isa::x86_avx512vnni);
    }
  }
#endif
  return isas;
}

Isa selected_isa() {
  const std::vector<Isa> isas = available_isas();
  const char* forced = std::getenv("PACT_FORCE_ISA");
  if (!forced || !*forced) return isas.back();
  for (const Isa isa : isas)
    if (name_of(isa) == forced) return isa;
  std::vector<std::string> names;
  for (const Isa isa : isas) names.emplace_back(name_of(isa));
  fail("PACT_FORCE_ISA={}: this CPU offers {}; unset the variable or choose one of them", forced,
       join(names));
}

int usable_cores() {
#if defined(__linux__)
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

std::string machine_description() {
  std::string model = "unknown CPU";
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);)
    if (line.starts_with("model name")) {
      model = trim(std::string_view(line).substr(line.find(':') + 1));
      break;
    }
  return fmt::format("{}, {} cores, {}", model, usable_cores(), name_of(available_isas().back()));
}

}  // namespace pact
