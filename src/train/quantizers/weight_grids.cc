#include "train/quantizers/weight_grids.h"

#include <vector>

namespace pact::train {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class QuantizeWeight : public torch::autograd::Function<QuantizeWeight> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& weight, quant::WeightScheme scheme,
                            Slope slope, const WeightForm* form) {
    const at::Tensor w = weight.contiguous();
    const std::span<const float> from(w.data_ptr<float>(), static_cast<size_t>(w.numel()));
    const size_t channels =
        form->granularity == quant::Granularity::channel ? static_cast<size_t>(w.size(0)) : 1;
    const std::vector<quant::WeightGrid> grids =
        quant::choose_weight_grids(scheme, form->bits, from, channels);
    at::Tensor values = at::empty_like(w);
    std::vector<int16_t> codes(from.size());
    quant::quantize_weights(grids, from, codes);
    float* to = values.data_ptr<float>();
    const size_t each = from.size() / channels;
    for (size_t c = 0; c < channels; ++c)
      for (size_t i = c * each; i < (c + 1) * each; ++i) to[i] = grids[c].grid.value_of(codes[i]);
    context->save_for_backward({slope ? slope(w, grids) : at::Tensor()});
    return values;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::Tensor slope = context->get_saved_variables()[0];
    const at::Tensor dw = slope.defined() ? gradients[0] * slope : gradients[0];
    return {dw, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

class GridWeights : public WeightQuantizer {
 public:
  GridWeights(quant::WeightScheme scheme, Slope slope) : scheme_(scheme), slope_(slope) {}

  at::Tensor quantize(const at::Tensor& weight, const at::Tensor&, const WeightForm& form) const override {
    return QuantizeWeight::apply(weight, scheme_, slope_, &form);
  }

 private:
  quant::WeightScheme scheme_;
  Slope slope_;
};

}  // namespace

std::unique_ptr<WeightQuantizer> make_grid_weights(quant::WeightScheme scheme, Slope slope) {
  return std::make_unique<GridWeights>(scheme, slope);
}

at::Tensor along_outputs(const at::Tensor& weight, std::span<const quant::WeightGrid> grids,
                         float quant::WeightGrid::*number) {
  std::vector<float> numbers;
  for (const quant::WeightGrid& grid : grids) numbers.push_back(grid.*number);
  std::vector<int64_t> shape(static_cast<size_t>(weight.dim()), 1);
  shape[0] = std::ssize(numbers);
  return at::tensor(numbers, at::kFloat).view(shape);
}

}  // namespace pact::train
