#include "train/normalize_activate_gpu.h"

#include <limits>

#include "base/error.h"
#include "train/storage.h"
#include "train/sum_tensor.h"

namespace pact::train {
namespace {

using kernels::CudaNormActivate;
using kernels::CudaRows;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

CudaRows rows_of(const at::Tensor& y) { return {y.numel(), y.size(1)}; }

void* data_or_null(const at::Tensor& t) { return t.defined() ? t.data_ptr() : nullptr; }

float least_activation(bool is_relu) { return is_relu ? 0.0f : -std::numeric_limits<float>::infinity(); }

// [4, channels], and the number of pixels that it is of; undefined for running statistics.
struct AffineOnGpu {
  at::Tensor numbers, pixels;
};

AffineOnGpu affine_of(const Gpu& gpu, const NormalizeActivateInput& in,
                      const NormalizeActivateOptions& options) {
  const CudaRows rows = rows_of(in.y);
  const bool of_batch = options.statistics == Statistics::of_batch;
  at::Tensor sums;
  if (of_batch) {
    const SumsOnGpu room(rows, 2, in.y, 1);
    require(gpu.kernels->moments(gpu.stream(in.y), storage_of(in.y), rows, in.y.data_ptr(), room.room()));
    sums = room.channels;
    if (options.processes) sum_over(*options.processes, sums);
  }
  const at::Tensor affine = at::empty({4, rows.channels}, in.y.options().dtype(at::kDouble));
  require(gpu.kernels->affine(
      gpu.stream(in.y),
      {rows.channels, of_batch ? sums.data_ptr<double>() : nullptr, in.gamma.data_ptr<float>(),
       in.beta.data_ptr<float>(), in.running_mean.data_ptr<float>(), in.running_var.data_ptr<float>(),
       options.momentum, options.epsilon},
      affine.data_ptr<double>()));
  return {affine, of_batch ? sums.slice(0, 2 * rows.channels).clone() : at::Tensor()};
}

class NormalizeActivateOnGpu : public torch::autograd::Function<NormalizeActivateOnGpu> {
 public:
  static variable_list forward(AutogradContext* context, const at::Tensor& y, const at::Tensor& gamma,
                               const at::Tensor& beta, const c10::optional<at::Tensor>& maybe_shortcut,
                               const c10::optional<at::Tensor>& maybe_learned, const Gpu* gpu,
                               const NormalizeActivateInput* in, const NormalizeActivateOptions* options) {
    static_cast<void>(gamma),
        static_cast<void>(beta);  // arguments for their gradients; their numbers are in `in`
    const at::Tensor shortcut = maybe_shortcut.value_or(at::Tensor());
    const at::Tensor learned = maybe_learned.value_or(at::Tensor());
    const AffineOnGpu affine = affine_of(*gpu, *in, *options);
    const bool is_relu = options->rectifier == Rectifier::relu, quantizes = options->clip.has_value();
    const Clip clip = options->clip.value_or(Clip{{0.0f}, {0.0f}, {0.0f}});
    const bool wants_real = options->real == NormalizeActivateOptions::Real::wanted;
    const at::Tensor real = wants_real ? at::empty_like(y) : at::Tensor();
    const at::Tensor quantized = quantizes ? at::empty_like(y) : at::Tensor();
    require(gpu->kernels->forward(
        gpu->stream(y), storage_of(y), rows_of(y),
        {y.data_ptr(), data_or_null(shortcut), nullptr, nullptr, nullptr, affine.numbers.data_ptr<double>(),
         least_activation(is_relu), clip.largest[0], clip.step[0], 0.0f},
        data_or_null(real), data_or_null(quantized)));
    // The activation is read back only where a shortcut was added; then it has to be kept.
    PACT_CHECK(!shortcut.defined() || wants_real);
    context->save_for_backward({y, shortcut.defined() ? real : at::Tensor(), affine.numbers, affine.pixels});
    auto& data = context->saved_data;
    if (affine.pixels.defined() && options->processes) data["shared"] = shared_batch(*options->processes);
    data["relu"] = is_relu;
    data["level"] = static_cast<double>(clip.largest[0]);
    data["step"] = static_cast<double>(clip.step[0]);
    data["above"] = clip.above * clip.gradient_scale;
    data["residue"] = clip.residue == 0 ? 0.0 : clip.residue / clip.above;
    data["wants_real"] = wants_real;
    data["learns"] = learned.defined() && learned.requires_grad();
    context->set_materialize_grads(false);
    variable_list outputs;
    if (wants_real) outputs.push_back(real);
    if (quantizes) outputs.push_back(quantized);
    return outputs;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &y = saved[0], &kept = saved[1], &affine = saved[2], &pixels = saved[3];
    auto& data = context->saved_data;
    const Gpu& gpu = *gpu_of(y);
    const CudaRows rows = rows_of(y);
    size_t next = 0;
    const at::Tensor dr = data["wants_real"].toBool() ? gradients[next++] : at::Tensor();
    const at::Tensor dq = next < gradients.size() ? gradients[next] : at::Tensor();
    if (!dr.defined() && !dq.defined()) return variable_list(8);
    const at::Tensor dr_like = like(dr, y), dq_like = like(dq, y);
    const CudaNormActivate part{y.data_ptr(),
                                nullptr,
                                data_or_null(kept),
                                data_or_null(dr_like),
                                data_or_null(dq_like),
                                affine.data_ptr<double>(),
                                least_activation(data["relu"].toBool()),
                                static_cast<float>(data["level"].toDouble()),
                                static_cast<float>(data["step"].toDouble()),
                                static_cast<float>(data["residue"].toDouble())};
    const at::Tensor dz = kept.defined() ? at::empty_like(y) : at::Tensor();
    const SumsOnGpu sums(rows, 3, y);
    require(
        gpu.kernels->backward_sums(gpu.stream(y), storage_of(y), rows, part, data_or_null(dz), sums.room()));
    const at::Tensor own = sums.channels.view({3, rows.channels});  // of beta, gamma and a level
    at::Tensor whole;
    if (pixels.defined()) {
      whole = own.slice(0, 0, 2);
      if (const auto shared = data.find("shared"); shared != data.end()) {
        whole = whole.clone();
        sum_over(processes_of(shared->second), whole);
      }
    }
    const at::Tensor dy = at::empty_like(y);
    require(gpu.kernels->backward_apply(gpu.stream(y), storage_of(y), rows, part, data_or_null(dz),
                                        whole.defined() ? whole.data_ptr<double>() : nullptr,
                                        pixels.defined() ? pixels.data_ptr<double>() : nullptr,
                                        dy.data_ptr()));
    const at::Tensor dlearned =
        data["learns"].toBool() ? (own[2].sum() * data["above"].toDouble()).to(at::kFloat) : at::Tensor();
    return {dy,       own[1].to(at::kFloat), own[0].to(at::kFloat), dz,
            dlearned, at::Tensor(),          at::Tensor(),          at::Tensor()};
  }
};

}  // namespace

variable_list normalize_activate_on_gpu(const Gpu& gpu, const NormalizeActivateInput& in,
                                        const NormalizeActivateOptions& options) {
  // libtorch wants absent tensors as absent optionals.
  const auto optional = [](const at::Tensor& t) {
    return t.defined() ? c10::make_optional(t) : c10::nullopt;
  };
  return NormalizeActivateOnGpu::apply(in.y, in.gamma, in.beta, optional(in.shortcut), optional(in.learned),
                                       &gpu, &in, &options);
}

}  // namespace pact::train
