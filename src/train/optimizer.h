// SGD with momentum and Adam over named parameters in groups. Our own, since its state must lie open: it is
// saved beside the weights and a resumed run must go on to the same bits.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "train/parameters.h"
#include "train/settings.h"

namespace pact::train {

// What a parameter is to the optimizer.
struct Group {
  double rate = 1.0;     // multiple of the learning rate
  double decay = 0.0;    // gradient += decay * value
  double least = -1e30;  // values are kept at or above this
};

// The group of every parameter:
//   alpha of a Quant node         rate alpha_rate, decay 2 * alpha_decay (the gradient of lambda * alpha^2)
//   learned step of one           rate step_rate, decay step_decay
//   weights of conv2d and linear  decay weight_decay
//   all else (batch norm, biases) no decay
std::map<std::string, Group> parameter_groups(const graph::Graph& graph, const Settings& settings);

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  // One update from the gradients that the parameters carry; clears them.
  virtual void step(double rate) = 0;
  // Everything needed to go on, keyed for a file; the tensors are live.
  virtual Parameters state() const = 0;
  virtual int64_t steps_done() const = 0;
  virtual void set_steps_done(int64_t steps) = 0;
};

std::unique_ptr<Optimizer> make_optimizer(const graph::Graph& graph, const Parameters& parameters,
                                          const Settings& settings);

}  // namespace pact::train
