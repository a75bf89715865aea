#include "train/quantizers/weight_grids.h"

#include <vector>

#include "train/gpu.h"

namespace pact::train {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

void values_on_gpu(const Gpu& gpu, const at::Tensor& w, std::span<const quant::WeightGrid> grids,
                   const at::Tensor& values) {
  std::vector<float> steps, scales;
  for (const quant::WeightGrid& grid : grids) steps.push_back(grid.grid.step), scales.push_back(grid.scale);
  const at::Tensor step = to_device_of(w, steps), scale = to_device_of(w, scales);
  require(gpu.kernels->weight_values(
      gpu.stream(w),
      {w.numel(), std::ssize(grids), grids[0].grid, grids[0].transform == quant::Transform::tanh,
       step.data_ptr<float>(), scale.data_ptr<float>()},
      w.data_ptr<float>(), values.data_ptr<float>()));
}

void values_here(std::span<const float> weights, std::span<const quant::WeightGrid> grids, float* values) {
  std::vector<int16_t> codes(weights.size());
  quant::quantize_weights(grids, weights, codes);
  const size_t each = weights.size() / grids.size();
  for (size_t c = 0; c < grids.size(); ++c)
    for (size_t i = c * each; i < (c + 1) * each; ++i) values[i] = grids[c].grid.value_of(codes[i]);
}

// The grids are always chosen on the host, whose arithmetic lowering uses, too.
class QuantizeWeight : public torch::autograd::Function<QuantizeWeight> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& weight, const at::Tensor* copy,
                            quant::WeightScheme scheme, Slope slope, const WeightForm* form) {
    const at::Tensor w = weight.contiguous(), here = copy->contiguous();
    const std::span<const float> from(here.data_ptr<float>(), static_cast<size_t>(here.numel()));
    const size_t channels =
        form->granularity == quant::Granularity::channel ? static_cast<size_t>(w.size(0)) : 1;
    const std::vector<quant::WeightGrid> grids =
        quant::choose_weight_grids(scheme, form->bits, from, channels);
    const at::Tensor values = at::empty_like(w);
    if (const Gpu* gpu = gpu_of(w))
      values_on_gpu(*gpu, w, grids, values);
    else
      values_here(from, grids, values.data_ptr<float>());
    context->save_for_backward({slope ? slope(w, grids) : at::Tensor()});
    return values;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::Tensor slope = context->get_saved_variables()[0];
    const at::Tensor dw = slope.defined() ? gradients[0] * slope : gradients[0];
    return {dw, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

class GridWeights : public WeightQuantizer {
 public:
  GridWeights(quant::WeightScheme scheme, Slope slope) : scheme_(scheme), slope_(slope) {}

  at::Tensor quantize(const Numbers& weight, const Numbers&, const WeightForm& form) const override {
    return QuantizeWeight::apply(weight.live, &weight.here, scheme_, slope_, &form);
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
  return to_device_of(weight, numbers).view(shape);
}

}  // namespace pact::train
