#include "train/quantizers/weight_grids.h"

#include <vector>

#include "quant/weights.h"

namespace pact::train {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// w -> value of its code. Statistics of the tensor (largest tanh, clip level) count as constants in the
// gradient:
//   dorefa            dw = dq * scale * (1 - tanh(w)^2)
//   sawb, symmetric   dw = dq, also outside the clip level ("SAWB+"), so that a clipped weight can come back
class QuantizeWeight : public torch::autograd::Function<QuantizeWeight> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& weight, int64_t scheme,
                            int64_t bits) {
    const at::Tensor w = weight.contiguous();
    const std::span<const float> from(w.data_ptr<float>(), static_cast<size_t>(w.numel()));
    const quant::WeightGrid grid =
        quant::choose_weight_grid(static_cast<quant::WeightScheme>(scheme), static_cast<int>(bits), from);
    at::Tensor values = at::empty_like(w);
    std::vector<int16_t> codes(from.size());
    quant::quantize_weights(grid, from, codes);
    float* to = values.data_ptr<float>();
    for (size_t i = 0; i < from.size(); ++i) to[i] = grid.grid.value_of(codes[i]);
    context->save_for_backward({w});
    context->saved_data["scale"] = static_cast<double>(grid.scale);
    context->saved_data["tanh"] = grid.scheme == quant::WeightScheme::dorefa && bits > 1;
    return values;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    at::Tensor dw = gradients[0];
    if (context->saved_data["tanh"].toBool()) {
      const at::Tensor t = context->get_saved_variables()[0].tanh();
      dw = dw * ((1 - t * t) * context->saved_data["scale"].toDouble());
    }
    return {dw, at::Tensor(), at::Tensor()};
  }
};

template <quant::WeightScheme kScheme>
class SchemeQuantizer : public WeightQuantizer {
 public:
  at::Tensor quantize(const at::Tensor& weight, int bits) const override {
    return QuantizeWeight::apply(weight, static_cast<int64_t>(kScheme), int64_t{bits});
  }
};

}  // namespace

std::unique_ptr<WeightQuantizer> make_dorefa_weights() {
  return std::make_unique<SchemeQuantizer<quant::WeightScheme::dorefa>>();
}
std::unique_ptr<WeightQuantizer> make_sawb_weights() {
  return std::make_unique<SchemeQuantizer<quant::WeightScheme::sawb>>();
}
std::unique_ptr<WeightQuantizer> make_symmetric_weights() {
  return std::make_unique<SchemeQuantizer<quant::WeightScheme::symmetric>>();
}

}  // namespace pact::train
