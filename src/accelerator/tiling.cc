#include "accelerator/tiling.h"

#include <algorithm>
#include <optional>

#include "accelerator/cycles.h"
#include "base/error.h"

namespace pact::accelerator {
namespace {

// The task in the sizes of one group. A resident operand takes no room and moves no bits.
class Sizes {
 public:
  explicit Sizes(const TilingTask& task)
      : layer(*task.layer),
        images(task.images),
        rows(task.images * layer.out_rows),
        channels(layer.out_channels / layer.groups),
        depth(layer.in_channels / layer.groups),
        inputs_move(task.inputs == Place::outside),
        weights_move(task.weights == Place::outside),
        budget(task.budget),
        row_sum_bits(layer.out_columns * task.accumulator_bits),
        row_bits(layer.in_columns * layer.activation_bits),
        channel_bits(layer.kernel_rows * layer.kernel_columns * layer.weight_bits),
        touched(touched_rows(layer)) {}

  bool inputs_fit(int64_t tile_rows, int64_t tile_depth) const {
    return !inputs_move || input_rows(tile_rows) * row_bits * tile_depth <= budget.inputs;
  }
  bool weights_fit(int64_t tile_channels, int64_t tile_depth) const {
    return !weights_move || tile_channels * tile_depth * channel_bits <= budget.weights;
  }
  bool sums_fit(int64_t tile_rows, int64_t tile_channels) const {
    return tile_rows * tile_channels * row_sum_bits <= budget.accumulators;
  }

  int64_t input_rows(int64_t tile_rows) const {
    return tile_rows >= layer.out_rows ? tile_rows / layer.out_rows * touched
                                       : input_rows_of_tile(layer, tile_rows);
  }

  // The most output rows whose input fits beside each other; whole images once one fits. 0: not even one row.
  int64_t most_rows(int64_t tile_depth) const {
    if (!inputs_move) return rows;
    if (inputs_fit(layer.out_rows, tile_depth)) {
      const int64_t image_bits = std::max<int64_t>(touched * row_bits * tile_depth, 1);
      return std::min(budget.inputs / image_bits, images) * layer.out_rows;
    }
    int64_t low = 0, high = layer.out_rows;  // low fits, high does not
    while (high - low > 1) {
      const int64_t middle = (low + high) / 2;
      (inputs_fit(middle, tile_depth) ? low : high) = middle;
    }
    return low;
  }
  int64_t most_channels(int64_t tile_depth) const {
    return weights_move ? std::min(budget.weights / (tile_depth * channel_bits), channels) : channels;
  }
  int64_t most_depth(int64_t tile_rows, int64_t tile_channels) const {
    int64_t most = depth;
    if (inputs_move)
      most = std::min(most, budget.inputs / std::max<int64_t>(input_rows(tile_rows) * row_bits, 1));
    if (weights_move) most = std::min(most, budget.weights / (tile_channels * channel_bits));
    return most;
  }

  // A pass over all inputs with `tile_rows` output rows a tile.
  int64_t whole_input_bits() const {
    return inputs_move ? images * touched * row_bits * depth * layer.groups : 0;
  }
  int64_t cut_input_bits(int64_t tile_rows) const {
    if (!inputs_move) return 0;
    if (tile_rows >= layer.out_rows) return whole_input_bits();
    int64_t sum = 0;
    for (int64_t first = 0; first < layer.out_rows; first += tile_rows)
      sum += rows_read(layer, first, std::min(first + tile_rows, layer.out_rows));
    return images * sum * row_bits * depth * layer.groups;
  }
  // Several passes: each begins with what the last tile of the pass before has left.
  int64_t repeated_input_bits(int64_t tile_rows, int64_t passes) const {
    return whole_input_bits() * passes -
           (inputs_move ? (passes - 1) * shared_rows(tile_rows) * row_bits * depth * layer.groups : 0);
  }
  // Input rows that the first and the last tile of a pass both read.
  int64_t shared_rows(int64_t tile_rows) const {
    if (images > 1 || tile_rows >= layer.out_rows ||
        layer.row_stride > (layer.kernel_rows - 1) * layer.row_dilation + 1)
      return 0;
    const int64_t last = (layer.out_rows - 1) / tile_rows * tile_rows;
    return std::max<int64_t>(
        layer.input_rows(0, tile_rows).end - layer.input_rows(last, layer.out_rows).begin, 0);
  }
  // Of the tiles of at most `most` rows the one that shares most, the largest of equals.
  int64_t rows_that_share_most(int64_t most) const {
    int64_t best = most;
    if (images > 1 || most >= layer.out_rows || layer.kernel_rows == 1) return best;
    for (int64_t tile = most - 1; tile > 0; --tile)
      if (shared_rows(tile) > shared_rows(best)) best = tile;
    return best;
  }
  int64_t whole_weight_bits() const { return weights_move ? layer.weights() * layer.weight_bits : 0; }

  int64_t row_tiles(int64_t tile_rows) const {
    return tile_rows >= layer.out_rows ? ceil_div(rows, tile_rows)
                                       : images * ceil_div(layer.out_rows, tile_rows);
  }

  const Layer& layer;
  int64_t images, rows, channels, depth;
  bool inputs_move, weights_move;
  TileBudget budget;
  int64_t row_sum_bits, row_bits, channel_bits, touched;
};

class Search {
 public:
  explicit Search(const TilingTask& task) : s(task) {}

  std::vector<Tiling> run() {
    const int64_t rows = s.most_rows(s.depth), channels = s.most_channels(s.depth);
    if (rows > 0 && channels > 0) add_whole_depth(rows, channels);
    const bool is_perfect = std::ranges::any_of(found_, [&](const Tiling& one) {
      return one.input_bits == s.whole_input_bits() && one.weight_bits == s.whole_weight_bits();
    });
    if (s.depth > 1 && !is_perfect) {
      add_depth_innermost();
      add_depth_in_the_middle();
      add_depth_outside();
    }
    return std::move(found_);
  }

 private:
  void add_whole_depth(int64_t rows, int64_t channels) {
    const int64_t channel_tiles = ceil_div(s.channels, channels), row_tiles = s.row_tiles(rows);
    if (channel_tiles == 1 || row_tiles == 1) {
      // What fits whole is held by the outer loop, so that both are read once.
      add({row_tiles == 1 ? LoopOrder::rcd : LoopOrder::crd, rows, channels, s.depth, s.whole_input_bits(),
           s.whole_weight_bits()});
      return;
    }
    const int64_t sharing = s.rows_that_share_most(rows);
    add({LoopOrder::crd, sharing, channels, s.depth, s.repeated_input_bits(sharing, channel_tiles),
         s.whole_weight_bits()});
    add({LoopOrder::rcd, rows, channels, s.depth, s.whole_input_bits(), row_tiles * s.whole_weight_bits()});
  }

  // Each tile of sums is finished before the next: the fewer tiles of one kind, the more of the other.
  void add_depth_innermost() {
    Tiling best;
    const int64_t most_rows = s.most_rows(1);
    const int64_t most_channels = s.most_channels(1);
    if (most_rows == 0 || most_channels == 0) return;
    for (int64_t rows = 1; rows <= most_rows; rows = next_rows(rows)) {
      const int64_t channels = std::min(s.budget.accumulators / (rows * s.row_sum_bits), most_channels);
      if (channels == 0) break;
      const int64_t depth = s.most_depth(rows, channels);
      Tiling one{LoopOrder::rcd,
                 rows,
                 channels,
                 depth,
                 ceil_div(s.channels, channels) * s.cut_input_bits(rows),
                 s.row_tiles(rows) * s.whole_weight_bits()};
      if (best.rows == 0 || one.moved_bits() < best.moved_bits()) best = one;
    }
    if (best.rows > 0) add(best);
  }

  void add_depth_in_the_middle() {
    // Channels outside: the sums of all rows wait, weights move once.
    if (const int64_t channels =
            std::min(s.budget.accumulators / (s.rows * s.row_sum_bits), s.most_channels(1));
        channels > 0 && s.most_rows(1) > 0) {
      const int64_t depth = s.most_depth(1, channels);
      add({LoopOrder::cdr, most_rows_beside(depth), channels, depth,
           ceil_div(s.channels, channels) * s.whole_input_bits(), s.whole_weight_bits()});
    }
    // Rows outside: the sums of all channels wait, inputs move once but for what neighbouring tiles share.
    int64_t rows = std::min(s.budget.accumulators / (s.channels * s.row_sum_bits), s.most_rows(1));
    if (rows > s.layer.out_rows) rows = rows / s.layer.out_rows * s.layer.out_rows;
    if (rows == 0 || s.most_channels(1) == 0) return;
    Tiling best;
    for (int64_t tile = 1; tile <= rows; tile = next_rows(tile)) {
      const int64_t depth = s.most_depth(tile, 1);
      Tiling one{LoopOrder::rdc,         tile,
                 s.most_channels(depth), depth,
                 s.cut_input_bits(tile), s.row_tiles(tile) * s.whole_weight_bits()};
      if (best.rows == 0 || one.moved_bits() < best.moved_bits()) best = one;
    }
    add(best);
  }

  // All sums wait.
  void add_depth_outside() {
    if (!s.sums_fit(s.rows, s.channels)) return;
    const int64_t rows = s.most_rows(1), channels = s.most_channels(1);
    if (rows == 0 || channels == 0) return;
    if (channels == s.channels || s.row_tiles(rows) > 1) {
      const int64_t sharing = s.rows_that_share_most(rows);
      add({LoopOrder::dcr, sharing, channels, 1,
           s.repeated_input_bits(sharing, ceil_div(s.channels, channels)), s.whole_weight_bits()});
    }
    add({LoopOrder::drc, rows, channels, 1, s.whole_input_bits(),
         (channels == s.channels ? 1 : s.row_tiles(rows)) * s.whole_weight_bits()});
  }

  int64_t most_rows_beside(int64_t depth) const { return std::max<int64_t>(s.most_rows(depth), 1); }

  // Tiles of rows worth a look: those that lead to another number of tiles.
  int64_t next_rows(int64_t rows) const {
    if (rows >= s.layer.out_rows) return rows + s.layer.out_rows;
    return rows + 1;
  }

  void add(const Tiling& tiling) {
    for (const Tiling& other : found_)
      if (other.input_bits <= tiling.input_bits && other.weight_bits <= tiling.weight_bits) return;
    found_.push_back(tiling);
  }

  Sizes s;
  std::vector<Tiling> found_;
};

}  // namespace

std::string name_of(LoopOrder order) {
  switch (order) {
    case LoopOrder::rcd:
      return "rows, channels, depth";
    case LoopOrder::crd:
      return "channels, rows, depth";
    case LoopOrder::rdc:
      return "rows, depth, channels";
    case LoopOrder::cdr:
      return "channels, depth, rows";
    case LoopOrder::drc:
      return "depth, rows, channels";
    case LoopOrder::dcr:
      return "depth, channels, rows";
  }
  return "?";
}

int64_t tile_count(const Layer& layer, int64_t images, const Tiling& tiling) {
  const int64_t rows = tiling.rows >= layer.out_rows ? ceil_div(images, tiling.rows / layer.out_rows)
                                                     : images * ceil_div(layer.out_rows, tiling.rows);
  return layer.groups * rows * ceil_div(layer.out_channels / layer.groups, tiling.channels) *
         ceil_div(layer.in_channels / layer.groups, tiling.in_channels);
}

int64_t rows_read(const Layer& layer, int64_t first, int64_t last) {
  const int64_t window = (layer.kernel_rows - 1) * layer.row_dilation + 1;
  if (layer.row_stride <= window) {
    const auto read = layer.input_rows(first, last);
    return read.end - read.begin;
  }
  int64_t sum = 0;  // windows that leave rows between them
  for (int64_t row = first; row < last; ++row) {
    const auto read = layer.input_rows(row, row + 1);
    sum += read.end - read.begin;
  }
  return sum;
}

int64_t input_rows_of_tile(const Layer& layer, int64_t rows) {
  const int64_t window = (layer.kernel_rows - 1) * layer.row_dilation + 1;
  const int64_t inner = layer.row_stride <= window ? (rows - 1) * layer.row_stride + window : rows * window;
  int64_t most = 0;
  for (int64_t first = 0; first < layer.out_rows && most < inner; first += rows)
    most = std::max(most, rows_read(layer, first, std::min(first + rows, layer.out_rows)));
  return most;
}

int64_t touched_rows(const Layer& layer) { return rows_read(layer, 0, layer.out_rows); }

std::vector<Tiling> find_tilings(const TilingTask& task) { return Search(task).run(); }

int64_t compulsory_bits(const TilingTask& task) {
  const Sizes s(task);
  return s.whole_input_bits() + s.whole_weight_bits();
}

}  // namespace pact::accelerator
