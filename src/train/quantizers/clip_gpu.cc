#include "train/quantizers/clip_gpu.h"

#include "train/storage.h"

namespace pact::train {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// [3, channels]: least, largest and step.
at::Tensor ends_of(const Clip& clip, const at::Tensor& like) {
  std::vector<float> numbers = clip.least;
  numbers.insert(numbers.end(), clip.largest.begin(), clip.largest.end());
  numbers.insert(numbers.end(), clip.step.begin(), clip.step.end());
  return to_device_of(like, numbers).view({3, -1});
}

kernels::CudaClip clip_of(const at::Tensor& ends) {
  const float* numbers = ends.data_ptr<float>();
  return {numbers, numbers + ends.size(1), numbers + 2 * ends.size(1)};
}

class ClipQuantizeOnGpu : public torch::autograd::Function<ClipQuantizeOnGpu> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const c10::optional<at::Tensor>& learned, const Gpu* gpu, const Clip* clip) {
    const at::Tensor q = at::empty_like(x), ends = ends_of(*clip, x);
    require(gpu->kernels->clip_forward(gpu->stream(x), storage_of(x), {x.numel(), ends.size(1)},
                                       clip_of(ends), x.data_ptr(), q.data_ptr()));
    context->save_for_backward({x, ends});
    context->saved_data["shares"] =
        std::vector<double>{clip->below, clip->above, clip->residue, clip->gradient_scale};
    context->saved_data["learns"] = learned.has_value() && learned->requires_grad();
    context->saved_data["shape"] = learned.has_value() ? learned->sizes().vec() : std::vector<int64_t>{};
    return q;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &ends = saved[1];
    const Gpu& gpu = *gpu_of(x);
    const at::Tensor dq =
        x.is_contiguous() ? gradients[0].to(x.scalar_type()).contiguous() : like(gradients[0], x);
    const std::vector<double> shares = context->saved_data["shares"].toDoubleVector();
    const kernels::CudaRows rows(x.numel(), ends.size(1));
    const at::Tensor dx = at::empty_like(x);
    const SumsOnGpu sums(rows, 1, x);
    require(gpu.kernels->clip_backward(
        gpu.stream(x), storage_of(x), rows, clip_of(ends),
        {static_cast<float>(shares[0]), static_cast<float>(shares[1]), static_cast<float>(shares[2])},
        x.data_ptr(), dq.data_ptr(), dx.data_ptr(), sums.room()));
    at::Tensor dlearned;
    if (context->saved_data["learns"].toBool())
      dlearned = (sums.channels * shares[3]).to(at::kFloat).view(context->saved_data["shape"].toIntVector());
    return {dx, dlearned, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor clip_quantize_on_gpu(const Gpu& gpu, const at::Tensor& x, const at::Tensor& learned,
                                const Clip& clip) {
  return ClipQuantizeOnGpu::apply(x, learned.defined() ? c10::make_optional(learned) : c10::nullopt, &gpu,
                                  &clip);
}

}  // namespace pact::train
