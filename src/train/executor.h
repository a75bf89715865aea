// Runs a graph with libtorch. The graph is turned into a list of steps once; a batch norm with the addition,
// ReLU and quantizer that follow it becomes one fused step.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "graph/graph.h"
#include "train/parameters.h"
#include "train/processes/processes.h"
#include "train/quantizers/catalog.h"
#include "train/torch.h"

namespace pact::train {

enum class Precision { fp32, bf16 };
enum class Mode { train, evaluate };
enum class Quantization { on, off };  // off: Quant nodes let their input through

// Called with every activation quantizer and what it is about to quantize.
using ActivationObserver = std::function<void(const graph::Node& quant, const at::Tensor& input)>;

struct RunOptions {
  Mode mode = Mode::evaluate;
  Precision precision = Precision::fp32;
  Quantization activations = Quantization::on;
  ActivationObserver observer = nullptr;  // or none
  double momentum = 0.1;                  // weight of the batch in running statistics, when training
  const Processes* processes = nullptr;   // that share the batch, for the statistics of norms; or none
};

class Executor {
 public:
  // `parameters` holds one tensor per parameter and buffer; it is shared, not copied.
  Executor(graph::Graph graph, const Parameters& parameters);
  ~Executor();
  Executor(const Executor&) = delete;  // steps point into the graph
  Executor& operator=(const Executor&) = delete;

  // Raw pixels as bytes [N,H,W,C], where the parameters lie -> outputs, float32. Training updates running
  // statistics.
  at::Tensor run(const at::Tensor& pixels, const RunOptions& options) const;

  const graph::Graph& graph() const { return graph_; }

 private:
  struct Frame;
  struct Step;
  class Planner;

  graph::Graph graph_;
  std::vector<Step> steps_;
  std::vector<at::Tensor> sources_;  // by value id: parameters and buffers
  std::vector<size_t> read_here_;    // those of them that quantizers read on the host
};

}  // namespace pact::train
