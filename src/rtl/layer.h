// A convolution or linear layer of an integer network as products of matrices on a simulated array: one per
// group of channels, rows = positions of all images, terms = taps of the filter, outputs = filters.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"
#include "quant/grid.h"
#include "rtl/simulation.h"

namespace pact::rtl {

// What a layer asks of the elements.
struct LayerForm {
  int activation_bits = 8;
  quant::Grid weight_grid;
  int64_t terms = 0;
};

// Throws Error on codes whose width the graph does not tell.
LayerForm form_of(const graph::Graph& graph, const graph::Node& node);

// Accumulator bits with which no accumulator of such a layer is wrong (correct_sum.sv).
int accumulator_bits(const LayerForm& form);

// A layer's sums as they leave the array.
struct LayerSums {
  int64_t rows = 0, outputs = 0, groups = 1;
  std::vector<uint32_t> raw{};               // [rows][outputs]
  std::vector<std::vector<uint32_t>> sum{};  // [groups][rows]
  quant::Grid weight_grid;
  int64_t folds = 0, macs = 0;
  int64_t cycles = 0;        // counted
  int64_t model_cycles = 0;  // of the closed form
};

LayerSums run_layer(Simulation& simulation, const graph::Graph& graph, const graph::Node& node,
                    const graph::Tensor& x, const graph::Tensor& weight);

// The numbers of a requantize unit per channel, or one set for all.
struct ChannelNumbers {
  std::vector<int16_t> multiplier;
  std::vector<int64_t> bias;
  std::vector<uint8_t> shift;
  int32_t low = INT32_MIN, high = INT32_MAX;
};
// Passes integers on: what shows accumulators.
ChannelNumbers unchanged();

// [rows][outputs] through the requantize units.
std::vector<int32_t> requantize(Simulation& simulation, const LayerSums& sums, const ChannelNumbers& numbers);
// Integers [rows][channels] likewise; `addend` is empty or as large as x.
std::vector<int32_t> requantize(Simulation& simulation, int64_t channels, std::span<const int32_t> x,
                                std::span<const int32_t> addend, const ChannelNumbers& numbers);

// A tensor [N,C,...] as rows of channels [N * ...][C], and back into the type given.
std::vector<int32_t> rows_of(const graph::Tensor& tensor);
graph::Tensor tensor_of(const graph::TensorType& type, std::span<const int32_t> rows);

}  // namespace pact::rtl
