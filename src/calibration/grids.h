// What calibration decides, and the network that has it: weights as `dequantize` of their codes and
// activations with `quant`, the form in which quantized ONNX files are read, too (docs/onnx.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "passes/lower/grids.h"

namespace pact::calibration {

// A value that layers read with so many bits: they share one quant node.
struct Reading {
  graph::ValueId value = -1;
  int bits = 8;
  auto operator<=>(const Reading&) const = default;
};

struct ActivationGrid {
  Reading reading;
  std::string name;  // of the quant node
  bool has_sign = false;
  float level = 1.0f;  // the outermost one, alpha
};

struct LayerGrids {
  const graph::Node* node = nullptr;              // the layer
  std::optional<Reading> reading = {};            // nothing: its input stays as it is
  std::optional<passes::WeightCodes> codes = {};  // nothing: its weights stay real
  std::optional<graph::Tensor> bias = {};         // instead of its own
};

graph::Network with_grids(const graph::Network& network, const std::vector<LayerGrids>& layers,
                          const std::vector<ActivationGrid>& activations);

}  // namespace pact::calibration
