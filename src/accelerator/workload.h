// What a network asks of hardware: its weighted layers as matrix products, and the tensors that pass between
// them. Everything pointwise (batch norm, ReLU, quantizers, additions) and pooling runs in the vector unit
// behind the array, on values that stream by, and costs nothing of its own. So a tensor is stored only where
// a later layer, or a later addition, reads it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace pact::accelerator {

inline constexpr int kOutside = -1;  // the producer of the network's input

// A layer as convolution of one image; a linear layer is one of 1 x 1 pixel.
struct Layer {
  std::string name, op;
  int64_t in_channels = 0, in_rows = 1, in_columns = 1;
  int64_t out_channels = 0, out_rows = 1, out_columns = 1;
  int64_t kernel_rows = 1, kernel_columns = 1;
  int64_t row_stride = 1, column_stride = 1, row_dilation = 1, column_dilation = 1;
  int64_t top_pad = 0, left_pad = 0;
  int64_t groups = 1;
  int weight_bits = 32, activation_bits = 32;  // 32: float
  int input = -1;                              // index of the tensor that it reads

  int64_t pixels() const { return out_rows * out_columns; }
  int64_t depth() const {
    return in_channels / groups * kernel_rows * kernel_columns;
  }  // products per output
  int64_t macs() const { return pixels() * out_channels * depth(); }
  int64_t weights() const { return out_channels * depth(); }
  // Of the rows of the input, those that output rows [first, last) read: a half-open range within the image.
  struct Rows {
    int64_t begin, end;
  };
  Rows input_rows(int64_t first, int64_t last) const;
  // Bits of an accumulator that no sum of this layer overflows: products of unsigned activations and signed
  // weights.
  int exact_accumulator_bits() const;
};

// Values between layers, one image.
struct StoredTensor {
  std::string name;
  int producer = kOutside;        // layer in whose wake it is made
  std::vector<int> readers = {};  // later layers, ascending
  int64_t elements = 0;
  int bits = 32;               // the widest that a reader needs
  bool leaves = false;         // an output of the network
  std::vector<int> adds = {};  // those of `readers` that add it to their results (shortcuts)
  bool adds_reals = false;     // one of them in high precision, not the codes that a layer reads
};

struct Workload {
  std::string name;
  std::vector<Layer> layers;
  std::vector<StoredTensor> tensors;

  int64_t macs() const;
  int64_t weights() const;
};

// The layers of `graph`, float, with quantizers or lowered to integers. Bits are those of the quantizers, 32
// where there are none. Throws Error when the graph has no weighted layer, or one whose weights are computed.
Workload make_workload(const graph::Graph& graph);

// How many bits values have when shortcuts read them.
struct BitChoice {
  int bits = 8;        // of weights and activations
  int first_bits = 8;  // of the first layer; no less than `bits`
  int last_bits = 8;
  int shortcut_bits = 0;  // 0: as `bits`, the sum is formed from the very codes that are stored
};

// The same network with the bits of a choice: `first_bits` and `last_bits` hold where they exceed `bits`.
Workload with_bits(Workload workload, const BitChoice& choice);
// With its own bits, and shortcuts stored at `shortcut_bits` (0: as their other readers need); those that carry codes
// keep theirs.
Workload with_shortcut_bits(Workload workload, int shortcut_bits);

// The widest of weights and activations among the layers between the first and the last.
int inner_bits(const Workload& workload);

}  // namespace pact::accelerator
