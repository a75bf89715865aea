// Runs integer networks on the CPU, with exactly the bits of the reference evaluator (src/reference).
// docs/engine.md tells how.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/isa.h"
#include "graph/graph.h"

namespace pact::engine {

enum class Profiling { off, on };

struct EngineOptions {
  Isa isa = Isa::portable;  // see base/cpu.h, selected_isa()
  int threads = 1;
  int64_t max_batch = 1;  // images at once; memory is planned for that many
  Profiling profiling = Profiling::off;
  // For integer layers: one of algorithm_names(), taken wherever it can compute the layer. Empty: what the
  // environment variable PACT_FORCE_ALGORITHM names, or else the fastest for each layer.
  std::string algorithm{};
  // Bytes of values that the images may take which a layer computes at once, so that it finds in the cache what the
  // one before it wrote. 0: 8 MB, or 512 KB for small networks.
  size_t cached_bytes = 0;
  // Networks for which memory_bytes() would be more are refused before that is allocated.
  size_t max_memory_bytes = SIZE_MAX;
};

// What an integer layer can be computed with, docs/engine.md.
std::vector<std::string> algorithm_names();

struct StepTiming {
  std::string name;       // of the step's first node
  std::string algorithm;  // for people
  double seconds = 0.0;   // of the last run
  int64_t macs = 0;       // of one image
  size_t weight_bytes = 0;
};

class Engine {
 public:
  // Packs the weights and plans the memory; the network is not needed afterwards. Throws Error, naming the
  // node, when the network is not sound or has what the engine does not run: quant nodes, several inputs or
  // outputs, a layer whose accumulators could leave int32. Also throws Error where there is not enough memory.
  Engine(const graph::Network& integer_network, const EngineOptions& options);
  // The same; each tensor goes as soon as it is packed, so that memory never holds all weights twice. The graph stays.
  Engine(graph::Network&& integer_network, const EngineOptions& options);
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  // With the batch as the graph has it, kBatch where it is open.
  const graph::TensorType& input_type() const;
  const graph::TensorType& output_type() const;
  int64_t max_batch() const;

  // `batch` images of input_type(), [N,C,...] row-major, to as many outputs of output_type(). Batches beyond
  // max_batch are run in parts. Allocates nothing. Throws Error on a batch below 1, or another than the
  // graph's when that is fixed. One run at a time.
  void run(const void* images, int64_t batch, void* outputs);

  // The same on tensors; also throws Error when `input` has not the type and shape of input_type().
  graph::Tensor run(const graph::Tensor& input);

  // One per step, in order. The seconds are 0 before the first run and without profiling; with a batch beyond
  // max_batch they add up over its parts.
  std::vector<StepTiming> timings() const;

  // Bytes for values and scratch memory, without weights.
  size_t memory_bytes() const;

  // Bytes of the weights of integer layers in the form in which they are kept.
  size_t weight_bytes() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pact::engine
