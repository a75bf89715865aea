// The nodes that random networks are made of, each with random attributes and numbers (random_network.h).
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "graph/graph.h"
#include "quant/grid.h"

namespace pact::reference {

inline constexpr int64_t kMostFeatures = 4096;  // of a linear layer
inline constexpr int64_t kMostExtent = 24;      // of height and width
inline constexpr int64_t kMostMacs = 150'000;   // of one convolution and image

struct Convolution {
  int64_t outputs = 1, groups = 1;
  std::vector<int64_t> kernel{1, 1}, strides{1, 1}, pads{0, 0, 0, 0}, dilations{1, 1};
};

enum class Zero { none, random };  // input_zero

// Where numbers roughly lie, so that what follows tells them apart.
struct Spread {
  double mean, deviation;
};

class RandomParts {
 public:
  explicit RandomParts(Random& random) : random_(random) {}

  void set_name(const std::string& name) { network_.graph.set_name(name); }
  const graph::Shape& shape_of(graph::ValueId value) const { return network_.graph.value(value).type.shape; }
  graph::Network finish(graph::ValueId output);

  graph::ValueId add_image();
  // A node named after `stem` and a number.
  graph::ValueId add(graph::Op op, const std::string& stem, std::vector<graph::ValueId> inputs,
                     graph::Attributes attributes = {});

  // Real numbers to codes on any grid that activations may have, and back by the same grid.
  graph::ValueId quantize(graph::ValueId real, int least_bits = 1);
  graph::ValueId dequantize(graph::ValueId codes);
  // A step with which numbers of size `size` reach roughly `most_code`.
  float random_step(double size, int most_code);

  Convolution draw_convolution(const graph::Shape& x);
  Convolution draw_same_convolution(const graph::Shape& x);  // its output has the shape of x
  // Codes to real numbers of size around 1, rescaled.
  graph::ValueId integer_convolution(graph::ValueId codes, const Convolution& form, Zero zero = Zero::none);
  graph::ValueId integer_linear(graph::ValueId codes);

  // On real numbers.
  graph::ValueId float_convolution(graph::ValueId real);
  graph::ValueId float_linear(graph::ValueId real);
  graph::ValueId clip(graph::ValueId real);
  graph::ValueId rescale(graph::ValueId real);
  graph::ValueId batch_norm(graph::ValueId real);
  graph::ValueId pool(graph::Op op, graph::ValueId real);
  graph::ValueId slice(graph::ValueId real);
  graph::ValueId pad(graph::ValueId real);

 private:
  bool chance(double probability) { return random_.uniform() < probability; }
  int64_t between(int64_t low, int64_t high);  // both included
  quant::Grid random_grid(std::vector<quant::GridKind> kinds, int least_bits = 1);

  graph::ValueId add_reals(const std::string& name, graph::Shape shape, double mean, double deviation);
  graph::ValueId add_weight_codes(const std::string& name, graph::Shape shape, const quant::Grid& grid);
  graph::ValueId rescale(graph::ValueId accumulators, const std::vector<Spread>& spreads);
  Spread spread_of_codes(graph::ValueId codes) const;
  // One for each output channel of a layer: of its accumulators.
  std::vector<Spread> spread_of_sums(const Spread& codes, graph::ValueId weight, const quant::Grid& grid);

  Random& random_;
  graph::Network network_;
  int nodes_ = 0;
};

}  // namespace pact::reference
