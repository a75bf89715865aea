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

// What stands for the real numbers between the layers: they themselves, or streams in units of 1 / kStreamScale.
enum class Form { real, fixed };
inline constexpr double kStreamScale = 1024;

// Where numbers roughly lie, so that what follows tells them apart.
struct Spread {
  double mean, deviation;
};

class RandomParts {
 public:
  RandomParts(Random& random, Form form) : random_(random), form_(form) {}

  void set_name(const std::string& name) { network_.graph.set_name(name); }
  const graph::Shape& shape_of(graph::ValueId value) const { return network_.graph.value(value).type.shape; }
  graph::Network finish(graph::ValueId output);
  Form form() const { return form_; }

  graph::ValueId add_image();
  // A node named after `stem` and a number.
  graph::ValueId add(graph::Op op, const std::string& stem, std::vector<graph::ValueId> inputs,
                     graph::Attributes attributes = {});

  // Real numbers to codes on any grid that activations may have, and back by the same grid; with streams by any.
  graph::ValueId quantize(graph::ValueId real, int least_bits = 1);
  graph::ValueId dequantize(graph::ValueId codes);
  // A step with which numbers of size `size` reach roughly `most_code`.
  float random_step(double size, int most_code);

  Convolution draw_convolution(const graph::Shape& x);
  Convolution draw_same_convolution(const graph::Shape& x);  // its output has the shape of x
  // Codes to real numbers of size around 1, rescaled.
  graph::ValueId integer_convolution(graph::ValueId codes, const Convolution& form, Zero zero = Zero::none);
  // Codes to codes.
  graph::ValueId coded_convolution(graph::ValueId codes, const Convolution& form);
  graph::ValueId integer_linear(graph::ValueId codes);

  // On real numbers or streams; the last three on codes, too.
  graph::ValueId average_pool(graph::ValueId real);
  graph::ValueId global_average(graph::ValueId real);
  graph::ValueId max_pool(graph::ValueId real) { return pool(graph::Op::max_pool, real); }
  graph::ValueId slice(graph::ValueId real);
  graph::ValueId pad(graph::ValueId real);

  // On real numbers.
  graph::ValueId float_convolution(graph::ValueId real);
  graph::ValueId float_linear(graph::ValueId real);
  graph::ValueId clip(graph::ValueId real);
  graph::ValueId rescale(graph::ValueId real);
  graph::ValueId batch_norm(graph::ValueId real);

 private:
  struct Sums {
    graph::ValueId accumulators;
    std::vector<Spread> spreads;  // of each channel
  };
  Sums convolve(graph::ValueId codes, const Convolution& form, Zero zero);
  bool chance(double probability) { return random_.uniform() < probability; }
  int64_t between(int64_t low, int64_t high);  // both included
  quant::Grid random_grid(std::vector<quant::GridKind> kinds, int least_bits);
  quant::Grid random_code_grid(int least_bits);  // of activations
  quant::Grid random_weight_grid();

  graph::ValueId add_reals(const std::string& name, graph::Shape shape, double mean, double deviation);
  graph::ValueId add_weight_codes(const std::string& name, graph::Shape shape, const quant::Grid& grid);
  graph::ValueId rescale(const Sums& sums);
  graph::ValueId pool(graph::Op op, graph::ValueId real);
  // fixed_requantize (with a grid) or fixed_rescale by numbers near these, one for each channel or a single one.
  graph::ValueId add_fixed(graph::Op op, graph::ValueId x, const std::vector<double>& multiplier,
                           const std::vector<double>& bias, graph::Attributes attributes = {});
  // The numbers that bring accumulators to a size around 1.
  struct Scaling {
    std::vector<double> multiplier, bias;
  };
  Scaling draw_scaling(const std::vector<Spread>& spreads);
  graph::ValueId add_tensor(const std::string& name, graph::Tensor tensor);
  // The grid of codes, through what only picks among them.
  quant::Grid grid_of_codes(graph::ValueId codes) const;
  Spread spread_of_codes(graph::ValueId codes) const;
  // One for each output channel of a layer: of its accumulators.
  std::vector<Spread> spread_of_sums(const Spread& codes, graph::ValueId weight, const quant::Grid& grid);

  Random& random_;
  Form form_;
  graph::Network network_;
  int nodes_ = 0;
};

}  // namespace pact::reference
