// A float network on a batch, node by node, for who wants to look at the values between: convolutions and
// linear layers in the engine, which has them fast and on several threads, all else by the reference. The
// values are those of the reference, bit by bit.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "engine/engine.h"
#include "graph/graph.h"

namespace pact::calibration {

// One convolution or linear layer alone, with its constants but `weight` for its weights: from its input to
// its output.
engine::Engine make_layer_engine(const graph::Network& network, const graph::Node& layer,
                                 const graph::Tensor& weight, const engine::EngineOptions& options);

class FloatRun {
 public:
  // `network` must outlive this. `options` as for any engine: threads, and the largest batch. Throws Error
  // when the network has not exactly one input, or anything but real numbers.
  FloatRun(const graph::Network& network, const engine::EngineOptions& options);

  // Runs up to max_batch images of the network's input. `observe` is called behind every node, in order, with
  // all values that are still to be read, those of its own inputs and output among them, by name. Throws
  // Error.
  using Observe = std::function<void(const graph::Node&, const graph::Tensors&)>;
  void run(const graph::Tensor& images, const Observe& observe);

 private:
  const graph::Network& network_;
  std::map<const graph::Node*, engine::Engine> engines_;
  std::map<const graph::Node*, std::vector<graph::ValueId>> last_reads_;  // activations, by their last reader
};

}  // namespace pact::calibration
