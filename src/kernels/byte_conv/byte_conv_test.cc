// Every instruction set, real or emulated, against sums computed one by one, with extreme operands.
#include "kernels/byte_conv/byte_conv.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "kernels/odd_weights/odd_weights.h"
#include "kernels/test_kernels.h"
#include "kernels/test_numbers.h"
#include "quant/inverse.h"

namespace pact::kernels {
namespace {

constexpr int64_t kBlock = ByteConvKernels::kBlock;

#define PACT_FORM(...) +1
constexpr size_t kForms = 0
#include "kernels/requantize/finished_forms.inc"
    ;
#undef PACT_FORM

std::vector<Named<ByteConvKernels>> all_kernels() {
  return named_kernels<ByteConvKernels>(
      byte_conv_kernels, PACT_EMULATED({"emulated x86_avxvnni", &kByteConv_x86_avxvnni_emulated},
                                       {"emulated x86_avx512vnni", &kByteConv_x86_avx512vnni_emulated}));
}

struct Case {
  std::vector<uint8_t> x;
  std::vector<int64_t> pixels, segments;
  std::vector<int8_t> weights;
  std::vector<int32_t> start{};
  int64_t fours = 1, blocks = 1, short_fours = 1, short_segments = 1;
  int64_t step = 0, row_pixels = 0;
};

// Codes up to `largest` and weights up to `heaviest` in size, often the extreme ones. The image ends where the last
// window does, so that sanitizers see what is read beyond.
Case random_case(Random& random, int64_t pixel_count, int64_t fours, int64_t blocks, int largest,
                 int heaviest) {
  Case c;
  const auto segment_count = static_cast<int64_t>(1 + random.below(5));
  for (int64_t s = 0; s < segment_count; ++s) c.segments.push_back(s * 70 + s / 2);
  c.fours = fours;
  c.blocks = blocks;
  for (int64_t p = 0; p < pixel_count; ++p) c.pixels.push_back(static_cast<int64_t>(random.below(200)));
  if (pixel_count > 0)
    c.x.resize(static_cast<size_t>(*std::ranges::max_element(c.pixels) + c.segments.back() + 4 * fours));
  for (uint8_t& x : c.x)
    x = static_cast<uint8_t>(random.below(3) ? largest : static_cast<int>(random.below(largest + 1)));
  for (int64_t i = 0; i < blocks * segment_count * fours * 4 * kBlock; ++i) {
    const int sign = random.below(4) ? 1 : -1;
    c.weights.push_back(static_cast<int8_t>(
        sign * static_cast<int>(random.below(3) ? heaviest : random.below(heaviest + 1))));
  }
  for (int64_t o = 0; o < blocks * kBlock; ++o) c.start.push_back(static_cast<int32_t>(random.bits()));
  const int64_t most = 32767 / (2 * largest * heaviest);  // fours in a short sum
  if (most >= fours) {
    c.short_fours = fours;
    c.short_segments = std::min(segment_count, most / fours);
  } else {
    c.short_fours = most;
  }
  return c;
}

// Windows of 16 channels, 3 pixels wide and some rows high, over an image that is just wide enough for `row_pixels` of
// them, often whole tiles.
Case overlapping_case(Random& random) {
  const int64_t rows = 1 + static_cast<int64_t>(random.below(3));
  const int64_t row_pixels = random.below(3) ? 8 * static_cast<int64_t>(1 + random.below(2))
                                             : static_cast<int64_t>(1 + random.below(20));
  Case c = random_case(random, 0, 12, static_cast<int64_t>(1 + random.below(3)), 255, 127);
  c.step = 16, c.row_pixels = row_pixels;
  const int64_t line = (row_pixels + 2) * c.step;
  for (int64_t& segment : c.segments) segment = (&segment - c.segments.data()) * line;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < row_pixels; ++column) c.pixels.push_back(row * line + column * c.step);
  c.x.resize(static_cast<size_t>((rows - 1) * line + c.segments.back() + line));
  for (uint8_t& x : c.x) x = static_cast<uint8_t>(random.below(256));
  return c;
}

uint32_t expected_sum(const Case& c, int64_t pixel, int64_t o) {
  auto sum = static_cast<uint32_t>(c.start[static_cast<size_t>(o)]);
  const auto segment_count = static_cast<int64_t>(c.segments.size());
  for (size_t s = 0; s < c.segments.size(); ++s)
    for (int64_t k = 0; k < 4 * c.fours; ++k) {
      const int64_t four = (o / kBlock * segment_count + static_cast<int64_t>(s)) * c.fours + k / 4;
      const int weight = c.weights[static_cast<size_t>((four * kBlock + o % kBlock) * 4 + k % 4)];
      sum += static_cast<uint32_t>(
          weight * c.x[static_cast<size_t>(c.pixels[static_cast<size_t>(pixel)] + c.segments[s] + k)]);
    }
  return sum;
}

ByteWindows windows_of(const Case& c, std::vector<int32_t>& sums, int64_t stride) {
  return {.x = c.x.data(),
          .pixels = c.pixels.data(),
          .pixel_count = static_cast<int64_t>(c.pixels.size()),
          .segments = c.segments.data(),
          .segment_count = static_cast<int64_t>(c.segments.size()),
          .fours = c.fours,
          .weights = c.weights.data(),
          .blocks = c.blocks,
          .start = c.start.data(),
          .accumulators = sums.data(),
          .stride = stride,
          .short_fours = c.short_fours,
          .short_segments = c.short_segments,
          .step = c.step,
          .row_pixels = c.row_pixels};
}

void expect_exact(const Case& c, const Named<ByteConvKernels>& named, const std::string& what) {
  const auto pixel_count = static_cast<int64_t>(c.pixels.size());
  const int64_t width = c.blocks * kBlock, stride = width + 3;
  std::vector<int32_t> sums(static_cast<size_t>(pixel_count * stride + 1), -7);
  named.kernels->multiply(windows_of(c, sums, stride));
  for (int64_t p = 0; p < pixel_count; ++p)
    for (int64_t o = 0; o < stride; ++o)
      ASSERT_EQ(sums[static_cast<size_t>(p * stride + o)],
                o < width ? static_cast<int32_t>(expected_sum(c, p, o)) : -7)
          << named.name << ", " << what << ", pixel " << p << ", channel " << o;
}

TEST(ByteConvKernels, MultiplySumsProductsExactly) {
  Random random(1);
  struct Widths {
    int largest, heaviest;
  };
  // The last: sums that just fit 16 bits, 127 * 129 * 2 = 32766.
  for (const Widths widths : {Widths{15, 15}, {3, 3}, {255, 15}, {1, 1}, {63, 31}, {129, 127}})
    for (int64_t pixel_count = 0; pixel_count <= 27; ++pixel_count) {
      const auto fours = static_cast<int64_t>(1 + random.below(12)),
                 blocks = static_cast<int64_t>(1 + random.below(3));
      const Case c = random_case(random, pixel_count, fours, blocks, widths.largest, widths.heaviest);
      for (const auto& named : all_kernels())
        expect_exact(c, named,
                     fmt::format("{} pixels, {} fours, {} blocks, codes to {}, weights to {}", pixel_count,
                                 fours, blocks, widths.largest, widths.heaviest));
    }
}

// Wide operands, which short sums could not hold.
TEST(ByteConvKernels, MultiplyTakesAllBytesWhereSumsAreLong) {
  Random random(2);
  for (int64_t pixel_count = 1; pixel_count <= 13; ++pixel_count) {
    Case c = random_case(random, pixel_count, 9, 3, 255, 127);
    for (const auto& named : all_kernels())
      if (!named.kernels->uses_short_sums) expect_exact(c, named, "codes to 255, weights to 127");
  }
}

struct Wanted {
  quant::Grid grid;
  uint64_t shortcut;  // none, real or of codes
  bool relu, real, codes, is_bounded, has_odd_weights;
};

// Everything that a product may be requantized to, with a shortcut over which it is written.
struct Outputs {
  std::vector<float> real;
  std::vector<uint8_t> codes;
};

Outputs outputs_of(const Case& c, const Wanted& wanted, const std::vector<float>& multiplier,
                   const std::vector<float>& shortcut, const std::vector<uint8_t>& shortcut_codes,
                   const ByteConvKernels* fused, int64_t stride) {
  const auto pixels = static_cast<int64_t>(c.pixels.size());
  Outputs outputs{shortcut, std::vector<uint8_t>(shortcut.size(), 77)};
  std::vector<int32_t> sums(static_cast<size_t>(pixels * c.blocks * kBlock));
  const quant::Inverse inverse = quant::exact_inverse(wanted.grid);
  Requantize r{.rows = pixels,
               .width = c.blocks * kBlock,
               .stride = stride,
               .accumulators = sums.data(),
               .accumulator_stride = c.blocks * kBlock,
               .multiplier = multiplier.data(),
               .bias = multiplier.data() + 5,
               .shortcut = wanted.shortcut == 1 ? outputs.real.data() : nullptr,
               .shortcut_codes = wanted.shortcut == 2 ? shortcut_codes.data() : nullptr,
               .shortcut_step = 0.03f,
               .activation = wanted.relu ? Activation::relu : Activation::none,
               .real = wanted.real ? outputs.real.data() : nullptr,
               .codes = wanted.codes ? outputs.codes.data() : nullptr,
               .code_kind = wanted.codes ? CodeKind::whole : CodeKind::none,
               .step = wanted.grid.step,
               .inverse = inverse.near,
               .inverse_rest = inverse.rest,
               .is_bounded = wanted.is_bounded,
               .least_code = wanted.grid.min_code(),
               .largest_code = wanted.grid.max_code()};
  ByteWindows windows = windows_of(c, sums, c.blocks * kBlock);
  OddWindows odd{.x = windows.x,
                 .pixels = windows.pixels,
                 .pixel_count = pixels,
                 .segments = windows.segments,
                 .segment_count = windows.segment_count,
                 .length = 4 * c.fours,
                 .start = c.start.data() + 3,
                 .accumulators = sums.data(),
                 .width = c.blocks * kBlock,
                 .stride = c.blocks * kBlock};
  if (fused) {
    std::vector<int32_t> window_sums(c.pixels.size() + 1);
    if (wanted.has_odd_weights) {
      kOddWeights_portable.sum_windows(odd, window_sums.data());
      windows.window_sums = window_sums.data();
      windows.odd_start = odd.start;
    }
    if (!can_finish(r)) return {};
    fused->multiply_and_requantize(windows, r);
    return outputs;
  }
  kByteConv_portable.multiply(windows);
  if (wanted.has_odd_weights) kOddWeights_portable.finish(odd);
  kRequantize_portable.requantize(r);
  return outputs;
}

TEST(ByteConvKernels, RequantizesInRegistersWhatWouldBeRequantizedLater) {
  Random random(4);
  std::map<std::string, int> finished;  // by form
  for (int round = 0; round < 1200; ++round) {
    Case c = random.below(3) == 0 ? overlapping_case(random)
                                  : random_case(random, static_cast<int64_t>(random.below(40)),
                                                static_cast<int64_t>(1 + random.below(8)),
                                                static_cast<int64_t>(1 + random.below(3)), 255, 127);
    for (int32_t& start : c.start) start >>= 8;
    c.start.resize(c.start.size() + 3, 12345);  // those of odd weights begin elsewhere
    const quant::Grid grid{quant::GridKind::unsigned_, 1 + static_cast<int>(random.below(8)),
                           static_cast<float>(random.uniform(0.01, 0.3))};
    if (!quant::exact_inverse(grid)) continue;
    Wanted wanted{.grid = grid,
                  .shortcut = random.below(3),
                  .relu = random.below(2) == 0,
                  .real = random.below(2) == 0,
                  .codes = random.below(4) != 0,
                  .is_bounded = false,
                  .has_odd_weights = random.below(3) == 0};
    wanted.is_bounded = wanted.shortcut != 1;
    const int64_t width = c.blocks * kBlock;
    const int64_t stride = width + static_cast<int64_t>(random.below(2) ? 0 : random.below(20));
    std::vector<float> multiplier(static_cast<size_t>(width + 5));
    // Sums stay below 2^26: the larger numbers come near to 2^29 steps, where integers end.
    const float scale = random.below(3) ? 1e-3f : 4 * grid.step;
    for (float& m : multiplier) m = static_cast<float>(random.uniform(-1, 1)) * scale;
    const auto pixel_count = static_cast<int64_t>(c.pixels.size());
    std::vector<float> shortcut(static_cast<size_t>(pixel_count ? (pixel_count - 1) * stride + width : 0));
    for (float& s : shortcut) s = static_cast<float>(random.normal());
    if (wanted.shortcut == 1 && random.below(2))  // of shortcuts nothing is known
      for (float& s : shortcut)
        if (random.below(3) == 0) s = kExtremes[random.below(std::size(kExtremes))];
    std::vector<uint8_t> shortcut_codes(shortcut.size());
    for (uint8_t& code : shortcut_codes) code = static_cast<uint8_t>(random.below(256));
    const auto outputs = [&](const ByteConvKernels* fused) {
      return outputs_of(c, wanted, multiplier, shortcut, shortcut_codes, fused, stride);
    };
    const Outputs expected = outputs(nullptr);
    for (const auto& named : all_kernels()) {
      if (!named.kernels->multiply_and_requantize) continue;
      const Outputs computed = outputs(named.kernels);
      if (computed.codes.empty()) continue;  // no such form, or no pixels
      ++finished[fmt::format("shortcut {}, relu {}, real {}, codes {}", wanted.shortcut, wanted.relu,
                             wanted.real, wanted.codes)];
      ASSERT_EQ(computed.codes, expected.codes) << named.name << ", round " << round;
      ASSERT_EQ(bits_of(computed.real), bits_of(expected.real)) << named.name << ", round " << round;
    }
  }
#if defined(PACT_HAS_EMULATED_KERNELS)
  EXPECT_EQ(finished.size(), kForms);
  for (const auto& [form, count] : finished) EXPECT_GT(count, 10) << form;
#endif
}

// Where windows overlap, kernels with 512 bits find all but the first of a tile by themselves (of 8 pixels; of 4 where
// they are emulated): for a block of channels without another, and with whole tiles in each row. Others go by `pixels`.
TEST(ByteConvKernels, WindowsThatOverlapShareTheirLoads) {
  Random random(6);
  const quant::Grid grid{quant::GridKind::unsigned_, 8, 0.05f};
  const Wanted wanted{.grid = grid,
                      .shortcut = 0,
                      .relu = false,
                      .real = false,
                      .codes = true,
                      .is_bounded = true,
                      .has_odd_weights = false};
  std::map<std::string, int64_t> shared;
  for (int round = 0; round < 60; ++round) {
    Case c = overlapping_case(random);
    for (int32_t& start : c.start) start >>= 12;
    c.start.resize(c.start.size() + 3);
    const bool is_whole = c.row_pixels % 8 == 0, is_odd = c.row_pixels % 2 == 1;
    const int64_t width = c.blocks * kBlock;
    std::vector<float> multiplier(static_cast<size_t>(width + 5));
    for (float& m : multiplier) m = static_cast<float>(random.uniform(-1, 1)) * 1e-5f;
    const std::vector<float> none(c.pixels.size() * static_cast<size_t>(width));
    const auto codes_of = [&](const ByteConvKernels* fused) {
      return outputs_of(c, wanted, multiplier, none, {}, fused, width).codes;
    };
    const std::vector<uint8_t> expected = codes_of(nullptr);
    for (size_t p = 0; p < c.pixels.size(); ++p)
      if (p % 4 != 0) c.pixels[p] = c.pixels[0];
    for (const auto& named : all_kernels()) {
      if (!named.kernels->multiply_and_requantize) continue;
      const std::vector<uint8_t> computed = codes_of(named.kernels);
      for (size_t i = 0; i < computed.size(); ++i) {
        const auto block = static_cast<int64_t>(i) % width / kBlock;
        if (is_whole && c.blocks % 2 == 1 && block == c.blocks - 1) {
          ASSERT_EQ(computed[i], expected[i]) << named.name << ", round " << round;
          ++shared[named.name];
        }
      }
      if (is_odd && c.pixels.size() > 1) {
        EXPECT_NE(computed, expected) << named.name << ", round " << round;
      }
    }
  }
#if defined(PACT_HAS_EMULATED_KERNELS)
  EXPECT_GT(shared["emulated x86_avx512vnni"], 0);
#endif
}

TEST(ByteConvKernels, UnpackReadsFieldsFromTheLowestBitsOn) {
  Random random(3);
  for (const int per_byte : {2, 4})
    for (const int scale_shift : {0, 1}) {
      const int64_t lines = 5;
      std::vector<uint8_t> packed(static_cast<size_t>(lines * kPackedLine));
      for (uint8_t& byte : packed) byte = static_cast<uint8_t>(random.below(256));
      for (const auto& named : all_kernels()) {
        std::vector<int8_t> weights(packed.size() * static_cast<size_t>(per_byte));
        named.kernels->unpack({packed.data(), lines, per_byte, scale_shift, -15, weights.data()});
        for (size_t i = 0; i < weights.size(); ++i) {
          const size_t line = i / kPackedLine / static_cast<size_t>(per_byte);
          const int field = static_cast<int>(i / kPackedLine % static_cast<size_t>(per_byte));
          const int byte = packed[line * kPackedLine + i % kPackedLine];
          const int number = byte >> (8 / per_byte * field) & ((1 << (8 / per_byte)) - 1);
          ASSERT_EQ(weights[i], (number << scale_shift) - 15) << named.name << ", weight " << i;
        }
      }
    }
}

}  // namespace
}  // namespace pact::kernels
