#include "train/quantizers/activation_clips.h"

#include <algorithm>

#include "base/cpu.h"
#include "kernels/clip_quantize/clip_quantize.h"
#include "quant/clip.h"
#include "train/storage.h"

namespace pact::train {
namespace {

using kernels::ClipQuantizeKernels;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class Pact : public ActivationQuantizer {
 public:
  at::Tensor level(const at::Tensor& parameter) const override { return parameter; }
};

class DorefaClip : public ActivationQuantizer {
 public:
  at::Tensor level(const at::Tensor&) const override { return at::scalar_tensor(1.0, at::kFloat); }
};

const ClipQuantizeKernels& kernels_here() {
  static const ClipQuantizeKernels& chosen = kernels::clip_quantize_kernels(selected_isa());
  return chosen;
}

// Blocks of fixed size, whatever the number of threads, so that sums are formed in one order.
constexpr int64_t kBlock = 1 << 16;

template <typename Work>
void for_blocks(int64_t count, const Work& work) {
  at::parallel_for(0, (count + kBlock - 1) / kBlock, 1, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) work(b, b * kBlock, std::min(kBlock, count - b * kBlock));
  });
}

class ClipQuantize : public torch::autograd::Function<ClipQuantize> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& level,
                            int64_t bits) {
    const float alpha = level.item<float>();
    const float step = quant::clip_step(alpha, static_cast<int>(bits));
    const at::Tensor q = at::empty_like(x);
    for_blocks(x.numel(), [&](int64_t, int64_t at, int64_t count) {
      kernels_here().forward(storage_of(x), count, at_element(x, at), alpha, step, at_element(q, at));
    });
    context->save_for_backward({x});
    context->saved_data["alpha"] = static_cast<double>(alpha);
    context->saved_data["learns_alpha"] = level.requires_grad();
    return q;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::Tensor x = context->get_saved_variables()[0];
    const at::Tensor dq = like(gradients[0], x);
    const float alpha = static_cast<float>(context->saved_data["alpha"].toDouble());
    const at::Tensor dx = at::empty_like(x);
    const int64_t blocks = (x.numel() + kBlock - 1) / kBlock;
    std::vector<float> lanes(static_cast<size_t>(blocks * ClipQuantizeKernels::kLanes));
    for_blocks(x.numel(), [&](int64_t b, int64_t at, int64_t count) {
      kernels_here().backward(storage_of(x), count, at_element(x, at), at_element(dq, at), alpha,
                              at_element(dx, at), lanes.data() + b * ClipQuantizeKernels::kLanes);
    });
    double dalpha = 0;
    for (const float lane : lanes) dalpha += static_cast<double>(lane);
    const bool learns = context->saved_data["learns_alpha"].toBool();
    return {dx, learns ? at::scalar_tensor(dalpha, at::kFloat) : at::Tensor(), at::Tensor()};
  }
};

}  // namespace

std::unique_ptr<ActivationQuantizer> make_pact() { return std::make_unique<Pact>(); }
std::unique_ptr<ActivationQuantizer> make_dorefa_clip() { return std::make_unique<DorefaClip>(); }

at::Tensor clip_quantize(const at::Tensor& x, const at::Tensor& level, int bits) {
  return ClipQuantize::apply(channels_last(x), level, int64_t{bits});
}

}  // namespace pact::train
