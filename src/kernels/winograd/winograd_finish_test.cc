// transform_and_requantize of every instruction set that has it, real or emulated, against transform_output and
// requantize one after the other.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "kernels/test_kernels.h"
#include "kernels/test_numbers.h"
#include "kernels/winograd/winograd.h"
#include "quant/inverse.h"

namespace pact::kernels {
namespace {

constexpr int64_t kBlock = WinogradKernels::kBlock;

#define PACT_FORM(...) +1
constexpr size_t kForms = 0
#include "kernels/requantize/finished_forms.inc"
    ;
#undef PACT_FORM

std::vector<Named<WinogradKernels>> finishing_kernels() {
  auto all = named_kernels<WinogradKernels>(
      winograd_kernels, PACT_EMULATED({"emulated x86_avx512", &kWinograd_x86_avx512_emulated},
                                      {"emulated x86_avx512vnni", &kWinograd_x86_avx512vnni_emulated}));
  std::erase_if(all, [](const auto& named) { return !named.kernels->transform_and_requantize; });
  return all;
}

// Products that come out as sums below 2^20, with what is asked for.
struct Asked {
  WinogradOutput output;
  Requantize requantize;
  std::vector<int32_t> m;
  std::vector<float> multiplier, bias, shortcut;
  std::vector<uint8_t> shortcut_codes;
  int64_t pixels() const { return output.rows * output.row_pixels; }
};

Asked random_case(Random& random) {
  Asked a{};
  const WinogradForm form = random.below(2) ? WinogradForm::f4x4 : WinogradForm::f2x2;
  const auto missing = [&] {  // of an edge
    return form == WinogradForm::f2x2 || random.below(3) ? 0 : static_cast<int>(random.below(3));
  };
  const WinogradTile whole = whole_tile(form);
  const WinogradTile tile{whole.rows - missing(), whole.columns - missing()};
  const int64_t columns = 1 + static_cast<int64_t>(random.below(11)), planes = winograd_planes(form);
  const int64_t tiles = (columns + tile.columns - 1) / tile.columns;
  const int64_t width = kBlock * static_cast<int64_t>(1 + random.below(3));
  const int64_t stride = width + static_cast<int64_t>(random.below(2) ? 0 : random.below(20));
  a.output = {.form = form,
              .tile = tile,
              .m = nullptr,
              .m_plane_stride = tiles * width + 16,
              .tiles = tiles,
              .width = width,
              .rows = 1 + static_cast<int64_t>(random.below(static_cast<uint64_t>(tile.rows))),
              .columns = columns,
              .row_pixels = columns + static_cast<int64_t>(random.below(3)),
              .y = nullptr,
              .pixel_stride = width,
              .row_stride = columns * width};
  for (int64_t i = 0; i < (planes - 1) * a.output.m_plane_stride + tiles * width; ++i)
    a.m.push_back(36 * (static_cast<int>(random.below(4000)) - 2000));
  const quant::Grid grid{quant::GridKind::unsigned_, 1 + static_cast<int>(random.below(8)),
                         static_cast<float>(random.uniform(0.01, 0.3))};
  const quant::Inverse inverse = quant::exact_inverse(grid);
  for (int64_t o = 0; o < width; ++o) {
    a.multiplier.push_back(static_cast<float>(random.uniform(-1, 1)) * 1e-3f);
    a.bias.push_back(static_cast<float>(random.uniform(-1, 1)));
  }
  for (int64_t i = 0; i < (a.pixels() - 1) * stride + width; ++i) {
    a.shortcut.push_back(random.below(8) ? static_cast<float>(random.normal())
                                         : kExtremes[random.below(std::size(kExtremes))]);
    a.shortcut_codes.push_back(static_cast<uint8_t>(random.below(256)));
  }
  const uint64_t shortcut = random.below(3);
  const bool has_codes = random.below(4) != 0;
  static float real = 0;  // pointers need only be null or not until outputs_of
  static uint8_t codes = 0;
  a.requantize = {.rows = a.pixels(),
                  .width = width,
                  .stride = stride,
                  .accumulator_stride = width,
                  .shortcut = shortcut == 1 ? &real : nullptr,
                  .shortcut_codes = shortcut == 2 ? &codes : nullptr,
                  .shortcut_step = 0.03f,
                  .activation = random.below(2) ? Activation::relu : Activation::none,
                  .real = random.below(2) ? &real : nullptr,
                  .codes = has_codes ? &codes : nullptr,
                  .code_kind = has_codes ? CodeKind::whole : CodeKind::none,
                  .step = grid.step,
                  .inverse = inverse.near,
                  .inverse_rest = inverse.rest,
                  .is_bounded = shortcut != 1,
                  .least_code = 0,
                  .largest_code = grid.max_code()};
  return a;
}

struct Outputs {
  std::vector<float> real;
  std::vector<uint8_t> codes;
};

// By the portable kernels one after the other, or by `fused`. The sum is written over the shortcut.
Outputs outputs_of(const Asked& a, const WinogradKernels* fused) {
  Outputs outputs{a.shortcut, std::vector<uint8_t>(a.shortcut.size(), 77)};
  std::vector<int32_t> sums(static_cast<size_t>(a.pixels() * a.output.width));
  WinogradOutput output = a.output;
  output.m = a.m.data();
  output.y = sums.data();
  Requantize r = a.requantize;
  r.multiplier = a.multiplier.data();
  r.bias = a.bias.data();
  r.accumulators = sums.data();
  if (r.shortcut) r.shortcut = outputs.real.data();
  if (r.shortcut_codes) r.shortcut_codes = a.shortcut_codes.data();
  if (r.real) r.real = outputs.real.data();
  if (r.codes) r.codes = outputs.codes.data();
  if (fused) {
    fused->transform_and_requantize(output, r);
  } else {
    kWinograd_portable.transform_output(output);
    for (int64_t row = 0; row < output.rows; ++row) {
      Requantize line = part_of(r, row * output.row_pixels, 0);
      line.rows = output.columns;
      line.accumulators = sums.data() + row * output.row_stride;
      kRequantize_portable.requantize(line);
    }
  }
  return outputs;
}

TEST(WinogradKernels, RequantizesInRegistersWhatWouldBeRequantizedLater) {
  Random random(5);
  std::set<std::string> forms;
  std::set<int> edges;
  for (int round = 0; round < 800; ++round) {
    const Asked asked = random_case(random);
    if (!can_finish(asked.requantize)) continue;
    const Outputs expected = outputs_of(asked, nullptr);
    for (const auto& [name, kernels] : finishing_kernels()) {
      const Outputs computed = outputs_of(asked, kernels);
      ASSERT_EQ(computed.codes, expected.codes) << name << ", round " << round;
      ASSERT_EQ(bits_of(computed.real), bits_of(expected.real)) << name << ", round " << round;
      const Requantize& r = asked.requantize;
      edges.insert(asked.output.tile.rows * 10 + asked.output.tile.columns);
      forms.insert(fmt::format("{} {} {} {} {} {}", winograd_tile(asked.output.form), !!r.shortcut,
                               !!r.shortcut_codes, r.activation == Activation::relu, !!r.real, !!r.codes));
    }
  }
#if defined(PACT_HAS_EMULATED_KERNELS)
  EXPECT_EQ(forms.size(), 2 * kForms);  // tiles of both sizes
  EXPECT_EQ(edges.size(), 9u);
#endif
}

}  // namespace
}  // namespace pact::kernels
