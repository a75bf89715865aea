// Every network of the zoo, small enough to go the whole way in a test: an eighth of the channels, images of
// at most 64x64.
#pragma once

#include <algorithm>
#include <cmath>
#include <ostream>
#include <string>

#include "base/random.h"
#include "passes/insert_quantizers.h"
#include "reference/evaluate.h"
#include "zoo/zoo.h"

namespace pact {

namespace zoo {
inline void PrintTo(const ZooEntry& entry, std::ostream* out) { *out << entry.name; }  // of failed tests
}  // namespace zoo

inline zoo::InputSpec small_input(const zoo::ZooEntry& entry) {
  zoo::InputSpec input = entry.usual_input;
  input.height = std::min<int64_t>(input.height, 64);
  input.width = std::min<int64_t>(input.width, 64);
  input.classes = 10;
  input.thinning = 8;
  return input;
}

// With initial numbers, as training would begin; 8 bits at the ends.
inline graph::Network small_quantized(const zoo::ZooEntry& entry, int bits,
                                      passes::Shortcuts shortcuts = passes::Shortcuts::real) {
  graph::Network plain{entry.build(small_input(entry)), {}};
  plain.tensors = zoo::initialize(plain.graph, 5);
  return passes::insert_quantizers(
      plain, {.weights = bits, .activations = bits, .shortcuts = shortcuts, .overrides = {}});
}

// Patches of random colours under noise.
inline graph::Tensor small_images(const graph::Graph& graph, int64_t count) {
  graph::Shape shape = graph.value(graph.inputs()[0]).type.shape;
  shape[0] = count;
  graph::Tensor images = graph::Tensor::zeros(graph::DataType::f32, shape);
  Random random(9);
  const auto pixels = images.as<float>();
  const int64_t patch = std::max<int64_t>(1, shape[3] / 4);
  uint64_t colour = 0;
  for (size_t i = 0; i < pixels.size(); ++i) {
    if (static_cast<int64_t>(i) % patch == 0) colour = random.below(192);
    pixels[i] = static_cast<float>(colour + random.below(64));
  }
  return images;
}

// Statistics of batch norms and clipping levels from `images`, node by node.
inline void settle_on(graph::Network& network, const graph::Tensor& images) {
  const graph::Graph& graph = network.graph;
  graph::Tensors values = network.tensors;
  values[graph.value(graph.inputs()[0]).name] = images;
  const auto name_of = [&](const graph::Node& node, size_t i) { return graph.value(node.inputs[i]).name; };
  const auto set = [&](const std::string& name, size_t i, double number) {
    for (graph::Tensors* tensors : {&values, &network.tensors})
      tensors->at(name).as<float>()[i] = static_cast<float>(number);
  };
  for (const graph::Node& node : graph.nodes()) {
    const graph::Tensor& x = values.at(name_of(node, 0));
    if (node.op == graph::Op::batch_norm) {
      const auto channels = static_cast<size_t>(x.shape[1]);
      const size_t inner = x.as<float>().size() / static_cast<size_t>(x.shape[0]) / channels;
      const double count = static_cast<double>(x.as<float>().size() / channels);
      std::vector<double> sum(channels), squares(channels);
      for (size_t i = 0; i < x.as<float>().size(); ++i) {
        const double number{x.as<float>()[i]};
        sum[i / inner % channels] += number;
        squares[i / inner % channels] += number * number;
      }
      for (size_t c = 0; c < channels; ++c) {
        const double mean = sum[c] / count;
        set(name_of(node, 3), c, mean);
        set(name_of(node, 4), c, std::max(squares[c] / count - mean * mean, 1e-3));
      }
    } else if (node.op == graph::Op::quant && node.inputs.size() > 1) {
      float most = 0.01f;
      for (const float number : x.as<float>()) most = std::max(most, std::abs(number));
      set(name_of(node, 1), 0, 0.6 * static_cast<double>(most));
    }
    values[node.name] = reference::evaluate_node(graph, node, values, images.shape[0]);
  }
}

}  // namespace pact
