#include "train/schedule.h"

#include <cmath>
#include <numbers>

#include "base/strings.h"

namespace pact::train {
namespace {

// 1 at progress 0, 0 at progress 1.
double cosine(double progress) { return 0.5 * (1.0 + std::cos(std::numbers::pi * progress)); }

double one_cycle(const Settings& s, double step, double total, double warmup) {
  constexpr double kFirst = 1.0 / 25, kLast = 1e-4;
  if (warmup == 0) warmup = 0.3 * total;
  if (step < warmup) return s.rate * (kFirst + (1 - kFirst) * step / warmup);
  return s.rate * (kLast + (1 - kLast) * cosine((step - warmup) / (total - warmup)));
}

}  // namespace

double learning_rate(const Settings& s, int64_t step, int64_t steps_per_epoch) {
  const double at = static_cast<double>(step);
  const double per_epoch = static_cast<double>(steps_per_epoch);
  const double total = per_epoch * static_cast<double>(s.epochs);
  const double warmup = per_epoch * s.warmup;
  if (s.schedule == "one-cycle") return one_cycle(s, at, total, warmup);
  if (at < warmup) return s.rate * (at + 1) / warmup;
  if (s.schedule == "cosine") return s.rate * cosine((at - warmup) / (total - warmup));
  double rate = s.rate;
  for (const std::string& milestone : s.milestones)
    if (at >= per_epoch * static_cast<double>(*parse_integer(milestone))) rate *= s.rate_factor;
  return rate;
}

}  // namespace pact::train
