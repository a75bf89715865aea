#include "engine/pieces.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

#include "engine/test_shapes.h"

namespace pact::engine {
namespace {

ConvShape square(int64_t side, int64_t channels) { return padded_3x3(channels, channels, side, side); }

// Pixels of the thread that has most, where each takes the next piece as soon as it is free, against its share.
double unevenness(const ConvShape& shape, const Cut& cut, int threads) {
  std::vector<double> busy(static_cast<size_t>(threads), 0);
  double all = 0;
  for (int64_t i = 0; i < cut.pieces(shape.out_height); ++i) {
    const Piece piece = piece_of(cut, i, shape.out_height);
    const auto work = static_cast<double>(piece.rows * shape.out_width * piece.slab->width);
    *std::ranges::min_element(busy) += work;
    all += work;
  }
  return std::ranges::max(busy) / (all / threads);
}

TEST(Pieces, OfWholeTilesLeaveThreadsEven) {
  const CutWish wish{.tile_pixels = 12};
  const std::tuple<int64_t, int64_t, int, double> all[] = {
      {32, 16, 2, 1.07}, {16, 32, 2, 1.01}, {16, 32, 4, 1.01}, {8, 64, 2, 1.01}, {56, 64, 2, 1.07}};
  for (const auto& [side, channels, threads, bound] : all)
    EXPECT_LE(unevenness(square(side, channels), cut_pieces(square(side, channels), wish, threads), threads),
              bound)
        << side << ", " << threads << " threads";
}

TEST(Pieces, AreWholeTilesForOneThread) {
  const CutWish wish{.tile_pixels = 12};
  EXPECT_EQ(cut_pieces(square(16, 32), wish, 1).rows_per_piece * 16 % 12, 0);
  EXPECT_EQ(cut_pieces(square(32, 16), wish, 1).rows_per_piece * 32 % 12, 0);
  EXPECT_EQ(cut_pieces(square(7, 16), wish, 1).rows_per_piece, 7);  // too few rows to be choosy
}

TEST(Pieces, OfSmallImagesHaveSeveral) {
  const CutWish wish{.pixels = 256, .channels = 32, .rows = 4, .images = 8};
  EXPECT_EQ(cut_pieces(square(8, 64), wish, 2).images, 4);
  EXPECT_EQ(cut_pieces(square(4, 64), wish, 2).images, 8);
  EXPECT_EQ(cut_pieces(square(14, 64), wish, 2).images, 1);
  EXPECT_EQ(cut_pieces(square(8, 64), wish, 3).images, 1);  // two slabs of one group leave a thread idle
  EXPECT_EQ(cut_pieces(square(8, 32), wish, 1).images, 4);
  const Cut cut = cut_pieces(square(8, 64), wish, 2);
  EXPECT_EQ(cut.pieces(3 * 8), static_cast<int64_t>(cut.slabs.size()));  // the last group of a batch
  EXPECT_EQ(piece_of(cut, 0, 3 * 8).rows, 24);
}

TEST(Pieces, OfAbsurdHeightsAreCutAtOnce) {
  ConvShape shape = square(8, 16);
  shape.out_height = 2'000'000'000;
  EXPECT_GT(cut_pieces(shape, {.tile_pixels = 12}, 2).pieces(shape.out_height), 1'000'000);
}

}  // namespace
}  // namespace pact::engine
