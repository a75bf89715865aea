// How much a layer moves between external memory and the chip, and how it is cut to move little.
//
// The product of M pixels, N output channels and K = C kernel elements is cut into tiles of some output rows,
// some output channels and some input channels. One tile of inputs and one of weights is on chip at a time (a
// second of each is on its way, which is why a budget is half a buffer); rows that two neighbouring tiles
// share are kept when the second follows on the first. Partial sums stay in the accumulators until they are
// complete and never leave the chip. So the loop order and the tile decide how often inputs and weights are
// read:
//
//   whole depth a tile (the tile has all input channels)
//     channels outside, rows inside      weights once, inputs ceil(N / tile) times
//     rows outside, channels inside      inputs once, weights ceil(M / tile) times
//   depth innermost                      inputs once per tile of channels, weights once per tile of rows
//   depth in the middle or outside       sums of many tiles wait in the accumulators
//
// `find_tilings` takes the largest tile that fits in each case, which is the best one of its case; the test
// compares the least traffic with all tilings and orders, walked step by step.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "accelerator/workload.h"

namespace pact::accelerator {

enum class Place { outside, on_chip };  // where an operand is when the layer begins

// Room for one tile of each, in bits.
struct TileBudget {
  int64_t inputs = 0, weights = 0, accumulators = 0;
};

struct TilingTask {
  const Layer* layer = nullptr;
  int64_t images = 1;
  int accumulator_bits = 32;
  Place inputs = Place::outside, weights = Place::outside;
  TileBudget budget;
};

// The loops from the outermost to the innermost: rows (of output), channels (of output), depth (channels of
// input).
enum class LoopOrder { rcd, crd, rdc, cdr, drc, dcr };
std::string name_of(LoopOrder order);  // "rows, channels, depth"

struct Tiling {
  LoopOrder order = LoopOrder::rcd;
  int64_t rows = 0;         // output rows a tile, over all images: a part of one image, or whole images
  int64_t channels = 0;     // output channels a tile, of one group
  int64_t in_channels = 0;  // input channels a tile, of one group
  int64_t input_bits = 0, weight_bits = 0;  // read from outside, in all
  int64_t moved_bits() const { return input_bits + weight_bits; }
};

// The best tiling of each case, none worse in both operands than another; empty when not even the smallest
// tile fits.
std::vector<Tiling> find_tilings(const TilingTask& task);

// The bits that have to move whatever the tiling: each outside operand once, rows that nobody reads left out.
int64_t compulsory_bits(const TilingTask& task);

int64_t tile_count(const Layer& layer, int64_t images, const Tiling& tiling);

// Input rows of one image that output rows [first, last) read. What a dilated window skips counts as read,
// since it passes through the line buffers; what lies between windows does not.
int64_t rows_read(const Layer& layer, int64_t first, int64_t last);
// Of the input rows that a tile of `rows` output rows reads: the most over all tiles.
int64_t input_rows_of_tile(const Layer& layer, int64_t rows);
// Those that some output reads.
int64_t touched_rows(const Layer& layer);

}  // namespace pact::accelerator
