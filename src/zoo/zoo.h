// The networks that PACT knows by name, as functions that build a graph.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace pact::zoo {

// What a network must know of its data. Pixels are raw: the normalisation is inside the graph.
struct InputSpec {
  int64_t channels = 3;
  int64_t height = 32;
  int64_t width = 32;
  int64_t classes = 10;
  std::vector<double> mean = {0, 0, 0};  // per channel, on the scale of raw pixels
  std::vector<double> std = {1, 1, 1};
  int64_t thinning = 1;  // inner channels are those of the published network divided by it, for quick trials
};

struct ZooEntry {
  std::string name;
  std::string description;
  InputSpec usual_input;  // for listings
  graph::Graph (*build)(const InputSpec&);
};

const std::vector<ZooEntry>& catalog();
const ZooEntry& find_entry(const std::string& name);  // throws Error, naming the nearest

// Initial numbers for every parameter and buffer of `graph`: convolutions normal with variance 2 / fan_out
// (He et al. 2015), linear layers uniform within 1 / sqrt(fan_in), batch norm gamma 1 and beta 0. A pure
// function of seed.
graph::Tensors initialize(const graph::Graph& graph, uint64_t seed);

}  // namespace pact::zoo
