// Complete integer networks on simulated arrays, node by node: layers on the array; accumulators to codes or
// streams, additions of streams and their relu on the requantize units; all else (pools, float nodes) by the
// reference on the host. Every value can be compared with an expected one, bit by bit.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "rtl/layer.h"

namespace pact::rtl {

enum class Place { array, units, host };
std::string_view name_of(Place place);

struct NodeRun {
  std::string name, op;
  Place place = Place::host;
  int64_t folds = 0, macs = 0;
  int64_t cycles = 0;        // of the array, counted
  int64_t model_cycles = 0;  // of the array, by the closed form
  int64_t values = 0, wrong = 0;
};

struct NetworkRun {
  graph::Tensor output;
  std::vector<NodeRun> nodes;
};

struct ArraysOptions {
  int rows = 16, columns = 16;
  Buffering buffering = Buffering::double_;
  Arithmetic arithmetic = Arithmetic::behavioural;
};

// The arrays that the layers of `graph` need: one for each pair of activation and weight bits. Throws Error
// when there is no integer layer.
std::vector<Design> designs_of(const graph::Graph& graph, const ArraysOptions& options);

// Simulated arrays to choose from.
class ArraySet {
 public:
  // Builds them, each announced by its number with no seconds, and then with those that it has taken so far. Throws
  // Error, Interrupted (base/child.h).
  ArraySet(const std::vector<Design>& designs, Arithmetic arithmetic,
           const std::function<void(size_t, double)>& on_build = {});

  // The one with the fewest bits that holds a layer. Throws Error when none does.
  Simulation& array_for(const LayerForm& form) const;
  // The requantize units that take streams and codes.
  Simulation& units() const { return *arrays_.front(); }
  const std::vector<std::unique_ptr<Simulation>>& all() const { return arrays_; }

 private:
  std::vector<std::unique_ptr<Simulation>> arrays_;
};

// `expected` holds the right value of every node (reference::evaluate_all). Where a value differs, the
// simulation goes on with its own. `on_progress` gets the part of the work that is done.
NetworkRun run_network(const ArraySet& arrays, const graph::Network& lowered, const graph::Tensor& input,
                       const graph::Tensors& expected, const std::function<void(double)>& on_progress = {});

}  // namespace pact::rtl
