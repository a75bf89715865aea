// The closed forms for external traffic against all tilings and loop orders of small layers, walked step by
// step.
#include "accelerator/tiling.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <set>

#include "accelerator/cycles.h"

namespace pact::accelerator {
namespace {

constexpr LoopOrder kOrders[] = {LoopOrder::rcd, LoopOrder::crd, LoopOrder::rdc,
                                 LoopOrder::cdr, LoopOrder::drc, LoopOrder::dcr};

struct Walk {
  int64_t input_bits = 0, weight_bits = 0;
  bool fits = true;
};

// A tiling carried out: what is on chip is kept as sets of rows and as the number of a tile.
class Walker {
 public:
  Walker(const TilingTask& task, const Tiling& tiling) : task_(task), layer_(*task.layer), tiling_(tiling) {
    const int64_t rows = layer_.out_rows, images = task.images;
    if (tiling.rows >= rows)
      for (int64_t first = 0; first < images; first += tiling.rows / rows)
        row_tiles_.push_back(rows_of(first, std::min(first + tiling.rows / rows, images), 0, rows));
    else
      for (int64_t image = 0; image < images; ++image)
        for (int64_t first = 0; first < rows; first += tiling.rows)
          row_tiles_.push_back(rows_of(image, image + 1, first, std::min(first + tiling.rows, rows)));
    channels_ = layer_.out_channels / layer_.groups;
    depth_ = layer_.in_channels / layer_.groups;
  }

  Walk run() {
    check_room();
    const int64_t counts[3] = {static_cast<int64_t>(row_tiles_.size()), ceil_div(channels_, tiling_.channels),
                               ceil_div(depth_, tiling_.in_channels)};
    // Which loop (0 rows, 1 channels, 2 depth) stands outermost, in the middle, innermost.
    static constexpr int kNest[6][3] = {{0, 1, 2}, {1, 0, 2}, {0, 2, 1}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    const auto& nest = kNest[static_cast<int>(tiling_.order)];
    int64_t at[3];
    for (at[nest[0]] = 0; at[nest[0]] < counts[nest[0]]; ++at[nest[0]])
      for (at[nest[1]] = 0; at[nest[1]] < counts[nest[1]]; ++at[nest[1]])
        for (at[nest[2]] = 0; at[nest[2]] < counts[nest[2]]; ++at[nest[2]]) step(at[0], at[1], at[2]);
    walk_.input_bits *= layer_.groups;
    walk_.weight_bits *= layer_.groups;
    return walk_;
  }

 private:
  using Rows = std::set<std::pair<int64_t, int64_t>>;  // image, row

  Rows rows_of(int64_t first_image, int64_t last_image, int64_t first, int64_t last) const {
    Rows rows;
    for (int64_t image = first_image; image < last_image; ++image)
      for (int64_t out = first; out < last; ++out) {
        const int64_t begin = out * layer_.row_stride - layer_.top_pad;
        for (int64_t row = begin; row <= begin + (layer_.kernel_rows - 1) * layer_.row_dilation; ++row)
          if (row >= 0 && row < layer_.in_rows) rows.insert({image, row});
      }
    return rows;
  }

  int64_t extent(int64_t tile, int64_t size, int64_t total) const {
    return std::min(size, total - tile * size);
  }
  int64_t row_bits() const { return layer_.in_columns * layer_.activation_bits; }
  int64_t channel_bits() const { return layer_.kernel_rows * layer_.kernel_columns * layer_.weight_bits; }

  void check_room() {
    size_t most_rows = 0;
    for (const Rows& rows : row_tiles_) most_rows = std::max(most_rows, rows.size());
    const int64_t in_channels = std::min(tiling_.in_channels, depth_),
                  channels = std::min(tiling_.channels, channels_);
    if (task_.inputs == Place::outside &&
        static_cast<int64_t>(most_rows) * row_bits() * in_channels > task_.budget.inputs)
      walk_.fits = false;
    if (task_.weights == Place::outside && channels * in_channels * channel_bits() > task_.budget.weights)
      walk_.fits = false;
    if (in_channels == depth_) return;
    const int64_t all_rows = task_.images * layer_.out_rows, rows = std::min(tiling_.rows, all_rows);
    int64_t sums = 0;
    switch (tiling_.order) {
      case LoopOrder::rcd:
      case LoopOrder::crd:
        sums = rows * channels;
        break;
      case LoopOrder::rdc:
        sums = rows * channels_;
        break;
      case LoopOrder::cdr:
        sums = all_rows * channels;
        break;
      case LoopOrder::drc:
      case LoopOrder::dcr:
        sums = all_rows * channels_;
        break;
    }
    if (sums * layer_.out_columns * task_.accumulator_bits > task_.budget.accumulators) walk_.fits = false;
  }

  void step(int64_t row, int64_t channel, int64_t depth) {
    const int64_t in_channels = extent(depth, tiling_.in_channels, depth_);
    if (task_.inputs == Place::outside) {
      const Rows& wanted = row_tiles_[static_cast<size_t>(row)];
      int64_t fresh = 0;
      for (const auto& one : wanted) fresh += held_depth_ != depth || !held_rows_.contains(one);
      walk_.input_bits += fresh * row_bits() * in_channels;
      held_rows_ = wanted, held_depth_ = depth;
    }
    const std::pair weights{channel, depth};
    if (task_.weights == Place::outside && held_weights_ != weights) {
      walk_.weight_bits += extent(channel, tiling_.channels, channels_) * in_channels * channel_bits();
      held_weights_ = weights;
    }
  }

  const TilingTask& task_;
  const Layer& layer_;
  const Tiling& tiling_;
  std::vector<Rows> row_tiles_;
  int64_t channels_ = 0, depth_ = 0;
  Rows held_rows_;
  int64_t held_depth_ = -1;
  std::pair<int64_t, int64_t> held_weights_{-1, -1};
  Walk walk_;
};

Walk walk(const TilingTask& task, const Tiling& tiling) { return Walker(task, tiling).run(); }

// The least traffic of all tilings; the largest number when none fits.
int64_t least_by_enumeration(const TilingTask& task) {
  int64_t least = std::numeric_limits<int64_t>::max();
  const Layer& layer = *task.layer;
  std::vector<int64_t> rows;
  for (int64_t r = 1; r <= layer.out_rows; ++r) rows.push_back(r);
  for (int64_t image = 2; image <= task.images; ++image) rows.push_back(image * layer.out_rows);
  for (const LoopOrder order : kOrders)
    for (const int64_t r : rows)
      for (int64_t channels = 1; channels <= layer.out_channels / layer.groups; ++channels)
        for (int64_t depth = 1; depth <= layer.in_channels / layer.groups; ++depth) {
          const Walk one = walk(task, {order, r, channels, depth});
          if (one.fits) least = std::min(least, one.input_bits + one.weight_bits);
        }
  return least;
}

struct RandomTask {
  Layer layer;
  TilingTask task;
};

RandomTask random_task(uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto pick = [&](int64_t least, int64_t most) {
    return least + static_cast<int64_t>(random() % static_cast<uint64_t>(most - least + 1));
  };
  RandomTask r;
  Layer& l = r.layer;
  l.groups = pick(0, 4) == 0 ? 2 : 1;
  l.in_channels = l.groups * pick(1, 4);
  l.out_channels = l.groups * pick(1, 4);
  l.kernel_rows = l.kernel_columns = pick(1, 3);
  l.row_stride = l.column_stride = pick(1, 3);
  l.row_dilation = l.kernel_rows > 1 && pick(0, 5) == 0 ? 2 : 1;
  l.top_pad = l.left_pad = pick(0, l.kernel_rows - 1);
  const int64_t window = (l.kernel_rows - 1) * l.row_dilation + 1;
  l.in_rows = pick(window, window + 5);
  l.in_columns = pick(window, window + 3);
  l.out_rows = (l.in_rows + 2 * l.top_pad - window) / l.row_stride + 1;
  l.out_columns = (l.in_columns + 2 * l.left_pad - window) / l.column_stride + 1;
  l.weight_bits = static_cast<int>(pick(1, 8));
  l.activation_bits = static_cast<int>(pick(1, 8));
  r.task.images = pick(1, 3);
  r.task.accumulator_bits = static_cast<int>(pick(8, 32));
  r.task.inputs = pick(0, 4) == 0 ? Place::on_chip : Place::outside;
  r.task.weights = pick(0, 4) == 0 ? Place::on_chip : Place::outside;
  const int64_t inputs = l.in_rows * l.in_columns * l.in_channels * l.activation_bits;
  const int64_t weights = l.weights() * l.weight_bits;
  const int64_t sums = l.pixels() * l.out_channels * r.task.accumulator_bits;
  r.task.budget = {pick(1, inputs * 2), pick(1, weights + 1), pick(1, sums * 2)};
  return r;
}

TEST(Tiling, IsTheLeastOfAllTilingsAndOrders) {
  int fitting = 0, above_compulsory = 0;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    RandomTask r = random_task(seed);
    r.task.layer = &r.layer;
    int64_t least = std::numeric_limits<int64_t>::max();
    for (const Tiling& tiling : find_tilings(r.task)) {
      const Walk one = walk(r.task, tiling);
      EXPECT_TRUE(one.fits) << "seed " << seed << ", " << name_of(tiling.order);
      EXPECT_EQ(one.input_bits, tiling.input_bits) << "seed " << seed << ", " << name_of(tiling.order);
      EXPECT_EQ(one.weight_bits, tiling.weight_bits) << "seed " << seed << ", " << name_of(tiling.order);
      least = std::min(least, tiling.moved_bits());
    }
    const int64_t expected = least_by_enumeration(r.task);
    EXPECT_EQ(least, expected) << "seed " << seed;
    if (expected == std::numeric_limits<int64_t>::max()) continue;
    ++fitting;
    EXPECT_GE(least, compulsory_bits(r.task)) << "seed " << seed;
    above_compulsory += least > compulsory_bits(r.task);
  }
  EXPECT_GT(fitting, 200);
  EXPECT_GT(above_compulsory, 50);
}

TEST(Tiling, SkipsRowsBetweenWindows) {
  Layer layer;
  layer.in_channels = 3, layer.in_rows = 8, layer.in_columns = 8;
  layer.out_channels = 2, layer.out_rows = 4, layer.out_columns = 4;
  layer.row_stride = layer.column_stride = 2;
  layer.weight_bits = layer.activation_bits = 4;
  EXPECT_EQ(touched_rows(layer), 4);
  TilingTask task{&layer, 1, 32, Place::outside, Place::on_chip, {1 << 20, 1 << 20, 1 << 20}};
  EXPECT_EQ(compulsory_bits(task), 4 * 8 * 3 * 4);
}

}  // namespace
}  // namespace pact::accelerator
