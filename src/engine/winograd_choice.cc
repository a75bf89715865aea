// Which layers Winograd convolutions compute exactly, and where they are the fastest.
#include <algorithm>

#include "engine/algorithms.h"
#include "engine/winograd_cut.h"
#include "kernels/winograd/weights.h"

namespace pact::engine {
namespace {

using kernels::WinogradForm;

// A count of cycles to compare forms with each other and with direct products. Weights of a large layer come from
// memory at each run; those of a small one, whose network is likely small, too, are in the cache.
struct Work {
  double products = 0, transformed = 0, transformed_weights = 0;  // of one image
  double weight_bytes = 0, images = 1;                             // read once for so many
};

// Per cycle of a core, requantization included: measured on Zen 3, on Zen 4 where there is VNNI on 512 bits, and for
// AVX-512 alone in proportion to its width.
struct Rates {
  double winograd, bytes, shorts;         // products
  double transformed, transformed_weights;  // elements
};

Rates rates_of(Isa isa) {
  if (isa == Isa::x86_avx512vnni)
    return {.winograd = 29, .bytes = 58, .shorts = 25, .transformed = 2.2, .transformed_weights = 6};
  if (isa == Isa::x86_avx512)
    return {.winograd = 50, .bytes = 40, .shorts = 44, .transformed = 5, .transformed_weights = 6};
  const double bytes = isa == Isa::x86_avxvnni ? 55 : 40;
  return {.winograd = 25, .bytes = bytes, .shorts = 22, .transformed = 2.5, .transformed_weights = 3};
}

double cycles_of(const Work& work, double products_per_cycle, const IntegerProblem& problem) {
  constexpr double kCachedWeights = 512 * 1024, kSharedWeights = 8 << 20;  // caches of a core, of all
  const Rates rates = rates_of(problem.isa);
  const double bytes_per_cycle = work.weight_bytes <= kCachedWeights   ? 32 * problem.threads
                                 : work.weight_bytes <= kSharedWeights ? 10
                                                                       : 5;
  const double computed =
      work.products / products_per_cycle + work.transformed_weights / rates.transformed_weights;
  return std::max(computed / problem.threads, work.weight_bytes / work.images / bytes_per_cycle) +
         work.transformed / rates.transformed / problem.threads;
}

double direct_cycles(const IntegerProblem& problem) {
  const ConvShape& s = problem.shape;
  const auto weights =
      static_cast<double>(9 * s.channels * parts(s.outputs, kWinogradBlock) * kWinogradBlock);
  const Work work{.products = weights * static_cast<double>(s.out_height * s.out_width),
                  .weight_bytes = weights};
  const bool has_bytes = int8_is_exact(problem) && int8_is_fast(problem);
  const bool has_split_bytes = split_int8_is_exact(problem) && split_int8_is_fast(problem);
  const Rates rates = rates_of(problem.isa);
  return cycles_of(work, has_bytes ? rates.bytes : has_split_bytes ? 26 : rates.shorts, problem);
}

double winograd_cycles(const IntegerProblem& problem, WinogradForm form) {
  const ConvShape& s = problem.shape;
  const Tiling tiling(form, s);
  const auto outputs = static_cast<double>(parts(s.outputs, kWinogradBlock) * kWinogradBlock);
  const auto channels = static_cast<double>(tiling.stride), planes = static_cast<double>(tiling.planes);
  const auto tiles = static_cast<double>(tiling.tiles_of_planes());
  Work work{.products = tiles * channels * outputs, .transformed = tiles * (channels + outputs)};
  double rate = rates_of(problem.isa).winograd;
  const Cut cut = winograd_cut(problem, form);
  work.images = static_cast<double>(cut.images);  // as full batches have
  if (has_panels(problem, form)) {
    rate *= 0.9;  // sums are put away after each panel
    const auto pieces = static_cast<double>(cut.row_pieces(cut.images * s.out_height));
    work.transformed_weights = pieces * planes * channels * outputs / work.images;
    work.weight_bytes = 9 * channels * outputs;
  } else {
    work.weight_bytes = 2 * planes * channels * outputs;
  }
  return cycles_of(work, rate, problem);
}

// The bound holds for all sums that codes of the grid can lead to, and 255 for the codes themselves.
bool is_exact(const IntegerProblem& problem, WinogradForm form) {
  const ConvShape& s = problem.shape;
  if (problem.is_linear || s.groups != 1 || s.kernel_height != 3 || s.kernel_width != 3 || s.stride_y != 1 ||
      s.stride_x != 1 || s.dilation_y != 1 || s.dilation_x != 1)
    return false;
  for (int64_t o = 0; o < s.outputs; ++o) {
    int64_t least = 0, largest = 0;
    for (int64_t c = 0; c < s.channels; ++c) {
      const int64_t low = std::min<int64_t>(0, problem.least_code - problem.zero_of(c));
      const int64_t high = std::max<int64_t>(0, problem.largest_code - problem.zero_of(c));
      if (low < -255 || high > 255) return false;
      for (int64_t tap = 0; tap < 9; ++tap) {
        const int64_t w = problem.weight(o, c, tap / 3, tap % 3);
        least += w * (w > 0 ? low : high);
        largest += w * (w > 0 ? high : low);
      }
    }
    if (std::max(largest, -least) > kernels::winograd_bound(form)) return false;
  }
  return true;
}

}  // namespace

bool winograd_2x2_is_exact(const IntegerProblem& problem) { return is_exact(problem, WinogradForm::f2x2); }
bool winograd_4x4_is_exact(const IntegerProblem& problem) { return is_exact(problem, WinogradForm::f4x4); }

bool winograd_2x2_is_fast(const IntegerProblem& problem) {
  return problem.isa != Isa::portable &&
         winograd_cycles(problem, WinogradForm::f2x2) < direct_cycles(problem);
}

bool winograd_4x4_is_fast(const IntegerProblem& problem) {
  const double cycles = winograd_cycles(problem, WinogradForm::f4x4);
  return problem.isa != Isa::portable && cycles < direct_cycles(problem) &&
         cycles < winograd_cycles(problem, WinogradForm::f2x2);
}

}  // namespace pact::engine
