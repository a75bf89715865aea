// The transforms of every instruction set against the portable ones, and the whole against sums over windows,
// with codes and weights that are as large as they can be.

#include "kernels/test_kernels.h"
#include "kernels/winograd/winograd.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"
#include "kernels/winograd/weights.h"

namespace pact::kernels {
namespace {

constexpr int64_t kBlock = WinogradKernels::kBlock;

std::vector<Named<WinogradKernels>> all_kernels() {
  return named_kernels<WinogradKernels>(
      winograd_kernels, PACT_EMULATED({"emulated x86_avx512", &kWinograd_x86_avx512_emulated},
                                      {"emulated x86_avx512vnni", &kWinograd_x86_avx512vnni_emulated}));
}

struct Layer {
  WinogradForm form;
  CodeBytes bytes;
  int64_t height, width, channels, outputs;
  int64_t top, left, out_height = 0, out_width = 0;
  std::vector<uint8_t> image{}, outside{};
  std::vector<int16_t> zero{}, weights{};

  int64_t at(int64_t y, int64_t x, int64_t c) const {
    if (y < 0 || y >= height || x < 0 || x >= width) return 0;
    const uint8_t code = image[static_cast<size_t>((y * width + x) * channels + c)];
    return (bytes == CodeBytes::i8 ? static_cast<int8_t>(code) : code) -
           (zero.empty() ? 0 : zero[static_cast<size_t>(c)]);
  }
};

enum class Size { any, largest };

Layer random_layer(Random& random, Size size) {
  const auto between = [&](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random.below(static_cast<uint64_t>(high - low + 1)));
  };
  Layer layer{.form = random.below(2) ? WinogradForm::f4x4 : WinogradForm::f2x2,
              .bytes = random.below(2) ? CodeBytes::u8 : CodeBytes::i8,
              .height = between(1, 11),
              .width = between(1, 11),
              .channels = between(1, 70),
              .outputs = between(1, 50),
              .top = between(0, 2),
              .left = between(0, 2)};
  layer.out_height = std::max<int64_t>(1, layer.height + layer.top + between(0, 2) - 2);
  layer.out_width = std::max<int64_t>(1, layer.width + layer.left + between(0, 2) - 2);
  layer.image.resize(static_cast<size_t>(layer.height * layer.width * layer.channels));
  for (uint8_t& code : layer.image)
    code = static_cast<uint8_t>(size == Size::any ? random.below(256) : random.below(2) * 255);
  layer.outside.assign(static_cast<size_t>(layer.channels), 0);
  if (layer.bytes == CodeBytes::u8 && random.below(2))
    for (uint8_t& code : layer.outside) {
      code = static_cast<uint8_t>(size == Size::any ? random.below(256) : random.below(2) * 255);
      layer.zero.push_back(code);
    }
  layer.weights.resize(static_cast<size_t>(layer.outputs * layer.channels * 9));
  for (int16_t& w : layer.weights)
    w = static_cast<int16_t>(size == Size::any ? between(-255, 255) : random.below(2) ? 255 : -255);
  return layer;
}

// All steps; V, products and outputs are kept.
struct Result {
  std::vector<int16_t> v;
  std::vector<int32_t> m, y;
};

WinogradTile edge_of(const Layer& layer) {
  return {winograd_last_tile(layer.form, layer.out_height), winograd_last_tile(layer.form, layer.out_width)};
}

// Tiles of a row that are alike: the first of them, and where it lies in a plane that holds the row.
struct Run {
  int64_t first, count, begin;
  WinogradTile size;
};

std::vector<Run> runs_of_row(const Layer& layer, bool is_lower) {
  const WinogradTile edge = edge_of(layer), whole = whole_tile(layer.form);
  const int64_t tiles = (layer.out_width + whole.columns - 1) / whole.columns;
  const int64_t inner = edge.columns < whole.columns ? tiles - 1 : tiles;
  const int rows = is_lower ? edge.rows : whole.rows;
  const int64_t right = tiles - inner;
  return {{.first = 0, .count = inner, .begin = is_lower ? 0 : right, .size = {rows, whole.columns}},
          {.first = inner, .count = right, .begin = is_lower ? inner : 0, .size = {rows, edge.columns}}};
}

Result convolve(const Layer& layer, const WinogradKernels& kernels) {
  const int64_t tile = winograd_tile(layer.form), planes = winograd_planes(layer.form);
  const int64_t tiles = (layer.out_width + tile - 1) / tile, tile_rows = (layer.out_height + tile - 1) / tile;
  const int64_t blocks = (layer.outputs + kBlock - 1) / kBlock, width = blocks * kBlock;
  const int64_t pairs = winograd_pairs(layer.channels), tile_stride = winograd_tile_stride(layer.channels);
  const int64_t v_plane = tiles * tile_stride + 32, m_plane = tiles * width + 16;
  const std::vector<int16_t> u = winograd_weights(layer.form, layer.outputs, layer.channels, layer.weights);
  Result result{
      .v = std::vector<int16_t>(static_cast<size_t>(tile_rows * planes * v_plane), 0),
      .m = std::vector<int32_t>(static_cast<size_t>(tile_rows * planes * m_plane), -7),
      .y = std::vector<int32_t>(static_cast<size_t>(layer.out_height * layer.out_width * width + 1), -7)};
  const WinogradTile edge = edge_of(layer);
  for (int64_t row = 0; row < tile_rows; ++row) {
    int16_t* v = result.v.data() + row * planes * v_plane;
    int32_t* m = result.m.data() + row * planes * m_plane;
    const bool is_lower = row + 1 == tile_rows && edge.rows < tile;
    const std::vector<Run> runs = runs_of_row(layer, is_lower);
    for (const Run& run : runs)
      kernels.transform_input({layer.form, run.size, layer.bytes, layer.image.data(), layer.height,
                               layer.width, layer.channels, layer.zero.empty() ? nullptr : layer.zero.data(),
                               layer.outside.data(), row * tile - layer.top, run.first * tile - layer.left,
                               run.count, v + run.begin * tile_stride, tile_stride, v_plane});
    const int64_t right = edge.columns < tile ? 1 : 0;
    const WinogradTiles all =
        is_lower ? WinogradTiles{.lower = tiles - right, .corner = right, .edge = edge}
                 : WinogradTiles{.right = right, .inner = tiles - right, .edge = edge};
    kernels.multiply({layer.form, v, tile_stride, v_plane, all, pairs, blocks, u.data(),
                      planes * pairs * 2 * kBlock, pairs * 2 * kBlock, Sums::fresh, m, m_plane});
    for (const Run& run : runs) {
      const int64_t column = run.first * tile;
      kernels.transform_output({layer.form, run.size, m + run.begin * width, m_plane, run.count, width,
                                std::min(tile, layer.out_height - row * tile),
                                std::min(layer.out_width - column, run.count * tile), layer.out_width,
                                result.y.data() + (row * tile * layer.out_width + column) * width, width,
                                layer.out_width * width});
    }
  }
  return result;
}

// Only the channels of V; what lies behind them is not defined.
std::vector<int16_t> channels_of(const Layer& layer, const Result& result) {
  const int64_t tile = winograd_tile(layer.form), tile_stride = winograd_tile_stride(layer.channels);
  const int64_t tiles = (layer.out_width + tile - 1) / tile, v_plane = tiles * tile_stride + 32;
  std::vector<int16_t> channels;
  for (int64_t i = 0; i < static_cast<int64_t>(result.v.size()); ++i)
    if (i % v_plane < tiles * tile_stride && i % v_plane % tile_stride < layer.channels)
      channels.push_back(result.v[static_cast<size_t>(i)]);
  return channels;
}

void expect_direct_sums(const Layer& layer, const std::vector<int32_t>& y, const std::string& name) {
  const int64_t width = (layer.outputs + kBlock - 1) / kBlock * kBlock;
  for (int64_t i = 0; i < layer.out_height; ++i)
    for (int64_t j = 0; j < layer.out_width; ++j)
      for (int64_t o = 0; o < layer.outputs; ++o) {
        int64_t sum = 0;
        for (int64_t c = 0; c < layer.channels; ++c)
          for (int64_t tap = 0; tap < 9; ++tap)
            sum += layer.weights[static_cast<size_t>((o * layer.channels + c) * 9 + tap)] *
                   layer.at(i + tap / 3 - layer.top, j + tap % 3 - layer.left, c);
        ASSERT_EQ(y[static_cast<size_t>((i * layer.out_width + j) * width + o)], sum)
            << name << ", " << winograd_tile(layer.form) << " outputs a tile, pixel " << i << ", " << j
            << " of " << layer.out_height << " x " << layer.out_width << ", channel " << o << " of "
            << layer.channels << " -> " << layer.outputs;
      }
  ASSERT_EQ(y.back(), -7) << "wrote beyond the outputs";
}

TEST(WinogradKernels, TheStepsAreThoseOfThePortableKernelAndTheWholeIsExact) {
  Random random(1);
  for (int round = 0; round < 150; ++round) {
    const Layer layer = random_layer(random, round % 3 == 0 ? Size::largest : Size::any);
    const Result expected = convolve(layer, winograd_kernels(Isa::portable));
    for (const auto& [name, kernels] : all_kernels()) {
      const Result result = convolve(layer, *kernels);
      ASSERT_EQ(channels_of(layer, result), channels_of(layer, expected)) << name << ", round " << round;
      ASSERT_EQ(result.m, expected.m) << name << ", round " << round;
      ASSERT_EQ(result.y, expected.y) << name << ", round " << round;
      ASSERT_NO_FATAL_FAILURE(expect_direct_sums(layer, result.y, name)) << "round " << round;
    }
  }
}

TEST(WinogradKernels, TransformedTapsAreThePackedWeights) {
  Random random(2);
  for (int round = 0; round < 40; ++round) {
    Layer layer = random_layer(random, Size::any);
    for (int16_t& w : layer.weights) w = static_cast<int16_t>(w / 2);
    const std::vector<int16_t> expected =
        winograd_weights(layer.form, layer.outputs, layer.channels, layer.weights);
    const std::vector<int8_t> taps = winograd_taps(layer.outputs, layer.channels, layer.weights);
    const int64_t pairs = winograd_pairs(layer.channels), planes = winograd_planes(layer.form);
    const int64_t plane = pairs * 2 * kBlock;
    for (const auto& [name, kernels] : all_kernels()) {
      std::vector<int16_t> u(expected.size());
      for (int64_t b = 0; b * kBlock < layer.outputs; ++b)
        kernels->transform_weights(
            {layer.form, taps.data() + b * 9 * plane, pairs, u.data() + b * planes * plane, plane});
      ASSERT_EQ(u, expected) << name << ", round " << round;
    }
  }
}

// Of whole tiles, and of some whose planes have only a part of them.
TEST(WinogradKernels, ProductsOfPartsAddUp) {
  Random random(3);
  const int64_t pairs = 5, width = 3 * kBlock, planes = 36;
  for (const WinogradTiles& tiles :
       {WinogradTiles{.inner = 31, .edge = {4, 4}}, WinogradTiles{3, 9, 3, 1, {2, 2}},
        WinogradTiles{5, 25, 5, 5, {3, 2}}, WinogradTiles{.right = 13, .inner = 2, .edge = {4, 3}},
        WinogradTiles{.lower = 7, .corner = 1, .edge = {2, 3}}}) {
    const int64_t count = tiles.right + tiles.inner + tiles.lower + tiles.corner;
    std::vector<int16_t> v(static_cast<size_t>(planes * count * 2 * pairs)),
        u(static_cast<size_t>(planes * pairs * 2 * width));
    for (int16_t& x : v) x = static_cast<int16_t>(random.bits());
    for (int16_t& x : u) x = static_cast<int16_t>(static_cast<int>(random.below(25000)) - 12500);
    WinogradProduct product{.form = WinogradForm::f4x4,
                            .v = v.data(),
                            .v_tile_stride = 2 * pairs,
                            .v_plane_stride = count * 2 * pairs,
                            .tiles = tiles,
                            .pairs = pairs,
                            .blocks = 3,
                            .u = u.data(),
                            .u_block_stride = planes * pairs * 2 * kBlock,
                            .u_plane_stride = pairs * 2 * kBlock,
                            .sums = Sums::fresh,
                            .m = nullptr,
                            .m_plane_stride = count * width};
    std::vector<int32_t> expected(static_cast<size_t>(planes * count * width), -7);
    product.m = expected.data();
    winograd_kernels(Isa::portable).multiply(product);
    for (const auto& [name, kernels] : all_kernels()) {
      std::vector<int32_t> m(expected.size(), -7);
      WinogradProduct part = product;
      part.m = m.data();
      part.pairs = 2;
      kernels->multiply(part);
      part.v += 4;
      part.u += 2 * 2 * kBlock;
      part.pairs = 3;
      part.sums = Sums::added;
      kernels->multiply(part);
      ASSERT_EQ(m, expected) << name << ", " << count << " tiles";
    }
  }
}

// Of 14 x 14 outputs in tiles of 4 x 4: (6 + 6 + 6 + 4)^2 products a channel for 24^2.
TEST(WinogradKernels, PlanesLeaveOutTilesThatDoNotNeedThem) {
  const WinogradTiles tiles{.right = 3, .inner = 9, .lower = 3, .corner = 1, .edge = {2, 2}};
  int64_t products = 0;
  for_planes(WinogradForm::f4x4, tiles,
             [&](int64_t, TileRange range) { products += range.end - range.begin; });
  EXPECT_EQ(products, 22 * 22);
}

// One output just inside the bound, by many channels that all add up, of either sign; many products overflow.
TEST(WinogradKernels, OutputsMayReachTheBound) {
  for (const WinogradForm form : {WinogradForm::f2x2, WinogradForm::f4x4})
    for (const int16_t w : {int16_t{255}, int16_t{-255}}) {
      const int64_t channels = winograd_bound(form) / (9 * 255 * 255);
      Layer layer{.form = form,
                  .bytes = CodeBytes::u8,
                  .height = 3,
                  .width = 6,
                  .channels = channels,
                  .outputs = 1,
                  .top = 0,
                  .left = 0,
                  .out_height = 1,
                  .out_width = 4};
      layer.image.assign(static_cast<size_t>(18 * channels), 255);
      layer.outside.assign(static_cast<size_t>(channels), 0);
      layer.weights.assign(static_cast<size_t>(9 * channels), w);
      for (const auto& [name, kernels] : all_kernels())
        ASSERT_NO_FATAL_FAILURE(expect_direct_sums(layer, convolve(layer, *kernels).y, name));
    }
}

}  // namespace
}  // namespace pact::kernels
