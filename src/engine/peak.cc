#include "engine/peak.h"

#include <algorithm>
#include <chrono>

#include "kernels/byte_conv/byte_conv.h"

namespace pact::engine {

double measure_peak(Isa isa) {
  using Clock = std::chrono::steady_clock;
  const auto probe = kernels::byte_conv_kernels(isa).probe;
  double best = 0;
  for (int attempt = 0; probe && attempt < 50; ++attempt) {
    const Clock::time_point start = Clock::now();
    const auto macs = static_cast<double>(probe(50'000));
    best = std::max(best, macs / std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

}  // namespace pact::engine
