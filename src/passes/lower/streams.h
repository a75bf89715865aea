// Which real numbers of a lowered network become streams, and in which unit.
//
// Sources are what integers become real by: rescale, dequantize and the averages. A quantizer that alone
// reads a source, perhaps through relu, max_pool, flatten, slice and pad, is direct: it needs no stream. What
// adds, averages, rescales of real numbers, clips and other quantizers read are streams; those that an add or
// a clip joins share a unit.
#pragma once

#include <cmath>
#include <map>
#include <vector>

#include "graph/graph.h"

namespace pact::passes {

template <typename Number>
struct Interval {
  Number low{}, high{};

  Interval joined(const Interval& other) const {
    return {std::min(low, other.low), std::max(high, other.high)};
  }
  Interval with_zero() const { return joined({}); }
  Number size() const { return std::max(-low, high); }
};

struct Average {
  std::vector<int64_t> kernel, strides, pads, dilations;
  int64_t count = 1;  // what the sum is divided by
  bool has_padding() const { return pads != std::vector<int64_t>{0, 0, 0, 0}; }
};
// Of an avg_pool or global_avg_pool node. Throws Error when windows have several counts.
Average average_of(const graph::Graph& graph, const graph::Node& node);

// What codes can be: the grid of their quantize node, or the range of an input's type.
Interval<int64_t> code_bounds(const graph::Graph& graph, graph::ValueId codes);

// The accumulators of each output channel of the layer that a rescale reads. Throws Error, naming it, where
// they could leave int32 or are no accumulators.
std::vector<Interval<int64_t>> accumulator_bounds(const graph::Network& network, const graph::Node& rescale);

bool is_source(const graph::Node& node);
// A rescale of real numbers: what it reads are no accumulators, but a stream.
bool rescales_stream(const graph::Graph& graph, const graph::Node& node);
// relu, max_pool, flatten, slice, pad: they pick elements or zero.
bool is_selection(const graph::Node& node);

class Streams {
 public:
  // Throws Error, naming the node, on what has no form in integers.
  Streams(const graph::Network& network, int stream_bits);

  bool is_stream(graph::ValueId value) const { return wanted_[static_cast<size_t>(value)]; }
  // The unit of a stream is 2^-fraction_bits.
  int fraction_bits(graph::ValueId value) const { return fractions_.at(group_of(value)); }
  // The nodes between the source of a direct quantize node and it, from the source on; of others nothing.
  bool is_direct(const graph::Node& quantize) const { return direct_.contains(&quantize); }
  const std::vector<const graph::Node*>& path(const graph::Node& quantize) const {
    return direct_.at(&quantize);
  }

 private:
  void find_direct(const graph::Node& quantize);
  void mark();
  void want(graph::ValueId value) { wanted_[static_cast<size_t>(value)] = true; }
  void join(graph::ValueId a, graph::ValueId b) { group_[group_of(a)] = group_of(b); }
  size_t group_of(graph::ValueId value) const;
  Interval<double> bounds_of_source(const graph::Node& node);
  void bound(const graph::Node& node);
  void choose_units(int stream_bits);

  const graph::Network& network_;
  const graph::Graph& graph_;
  std::vector<bool> wanted_;
  std::vector<size_t> group_;  // union-find, by value
  std::map<const graph::Node*, std::vector<const graph::Node*>> direct_;
  std::vector<Interval<double>> bounds_;  // of streams and averages, by value
  // By value: of what enters, of what sum_pool makes, of a clip's input to its ends.
  std::vector<double> largest_multiplier_, largest_sum_, largest_distance_;
  std::map<size_t, int> fractions_;  // by group
};

}  // namespace pact::passes
