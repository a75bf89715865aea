// The slow, obvious evaluator of any graph: float, with `quant` nodes, or integer. It is the oracle: the fast
// engine must give the same bits. What each op computes, and in which order it rounds, stands over it in
// reference/ops. Numbers are float32 where nothing else is said, each operation rounded once, no fma.
#pragma once

#include <functional>

#include "graph/graph.h"

namespace pact::reference {

// Every value of `network` for one input, by name: the input, parameters and buffers as they are, then what
// each node computes. Tensors are row-major, images [N,C,H,W]. Throws Error when the network is not sound or
// has not exactly one input, when `input` has not the type and shape of that input (an open batch admits any
// N >= 1), and where an op cannot give a result: an accumulator beyond int32, a clip level that is not
// positive. `on_progress`, where there is one, gets the part of the nodes that is done.
graph::Tensors evaluate_all(const graph::Network& network, const graph::Tensor& input,
                            const std::function<void(double)>& on_progress = {});

// The value of the only output; throws Error when there are several.
graph::Tensor evaluate(const graph::Network& network, const graph::Tensor& input);

// One node of a sound graph, for who computes the others elsewhere: `values` has what it reads, by name, for `batch`
// images. Throws Error, naming the node.
graph::Tensor evaluate_node(const graph::Graph& graph, const graph::Node& node, const graph::Tensors& values,
                            int64_t batch);

}  // namespace pact::reference
