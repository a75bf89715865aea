// Quantization of a trained float network without training: grids for the weights from the weights, grids for
// the activations from what a few hundred images make of them. docs/calibration.md tells the method and its
// limits.
//
//   1. Batch norms are folded into the layers before them, and pixels get integer means
//   (passes/integer_pixels).
//   2. Weights become codes on symmetric grids, by default with a step for each output channel.
//   3. The float network runs the images, while a histogram is kept of every value that a layer reads.
//   4. Each of these values gets a grid, unsigned behind a ReLU and symmetric elsewhere, whose end is chosen
//   from its
//      histogram. Identity shortcuts stay real, or carry the codes, as after training.
//   5. On request the biases take up the mean error that the rounding of the weights makes (Nagel et al.
//   2019).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "calibration/grids.h"
#include "calibration/level.h"
#include "calibration/magnitudes.h"
#include "calibration/weight_codes.h"
#include "graph/graph.h"
#include "passes/coded_shortcuts.h"

namespace pact::calibration {

enum class BiasCorrection { off, on };

struct Options {
  // Weights have 2 to 8 bits, activations 1 to 8 (2 to 8 where they have both signs); 32: they stay float.
  int weights = 8;
  int activations = 8;
  int first_layer = 8;  // weights; its input, the pixels, has 8 bits by nature
  int last_layer = 8;   // weights and activations
  Range range = Range::mse;
  double share = 0.9999;  // for the percentile
  Granularity granularity = Granularity::channel;
  BiasCorrection bias_correction = BiasCorrection::off;
  passes::Shortcuts shortcuts = passes::Shortcuts::real;
  int threads = 1;
};

// What was learned of a value that layers read.
struct CalibratedValue {
  ActivationGrid grid;
  double clipped = 0;  // share of the values beyond its level
  Magnitudes magnitudes;
};

struct Calibrated {
  graph::Network network;
  std::vector<CalibratedValue> values;
};

// Images one batch after another, as the network's input, [n,C,H,W] with n of at most max_batch; false: no
// more.
struct Images {
  std::function<bool(graph::Tensor&)> next;
  int64_t max_batch = 1;
};

// Throws Error where `calibrate` would before it asks for an image.
void require_calibratable(const graph::Network& network, const Options& options);

// `network` as load_model gives it: real numbers alone, one input of images, raw pixels. Throws Error when it
// is quantized already, on bits that are none, when there is no image, and on values that are not finite,
// naming the layer.
Calibrated calibrate(const graph::Network& network, const Options& options, const Images& images);

}  // namespace pact::calibration
