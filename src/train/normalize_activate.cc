#include "train/normalize_activate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/cpu.h"
#include "base/error.h"
#include "kernels/norm_activate/norm_activate.h"
#include "train/channel_blocks.h"
#include "train/normalize_activate_gpu.h"
#include "train/storage.h"
#include "train/sum_tensor.h"

namespace pact::train {
namespace {

using kernels::NormActivateBackward;
using kernels::NormActivateForward;
using kernels::NormActivateKernels;
using kernels::Storage;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

const NormActivateKernels& norm_kernels() {
  static const NormActivateKernels& chosen = kernels::norm_activate_kernels(selected_isa());
  return chosen;
}

std::vector<double> to_vector(const at::Tensor& t) {
  const at::Tensor f = t.to(at::kFloat).contiguous();
  const float* data = f.data_ptr<float>();
  return {data, data + f.numel()};
}

at::Tensor to_tensor(const std::vector<double>& values) {
  at::Tensor t = at::empty({static_cast<int64_t>(values.size())}, at::kFloat);
  std::transform(values.begin(), values.end(), t.data_ptr<float>(),
                 [](double v) { return static_cast<float>(v); });
  return t;
}

struct Moments {
  std::vector<double> mean, var;  // var is the biased one
  double pixels = 0;              // that they are of
};

// Around the first pixel of the batch, so that a mean far from zero costs no digits.
Moments moments_of(const at::Tensor& y, const Layout& layout) {
  const Storage storage = storage_of(y);
  const std::vector<double> origin = to_vector(as_pixels(y).select(0, 0));
  const std::vector<float> center = layout.spread(origin);
  BlockSums sums(layout, 2);
  for_blocks(layout, [&](int64_t b) {
    layout.for_parts(b, [&](int64_t at, int64_t count, int64_t width) {
      norm_kernels().moments(storage, count, width, at_element(y, at), center.data(), sums.lanes(b, 0),
                             sums.lanes(b, 1));
    });
  });
  const double n = static_cast<double>(layout.pixels);
  Moments moments{sums.per_channel(0), sums.per_channel(1), n};
  for (size_t c = 0; c < moments.mean.size(); ++c) {
    const double shifted = moments.mean[c] / n;
    moments.mean[c] = origin[c] + shifted;
    const double var = moments.var[c] / n - shifted * shifted;
    moments.var[c] = var < 0 ? 0 : var;  // NaN stays NaN
  }
  return moments;
}

// Of the pixels of all processes. In doubles the sums may be taken around zero.
Moments moments_of_all(Moments moments, const Processes& processes) {
  const size_t channels = moments.mean.size();
  std::vector<double> sums(2 * channels + 1);
  for (size_t c = 0; c < channels; ++c) {
    sums[c] = moments.pixels * moments.mean[c];
    sums[channels + c] = moments.pixels * (moments.var[c] + moments.mean[c] * moments.mean[c]);
  }
  sums.back() = moments.pixels;
  processes.sum(sums);
  moments.pixels = sums.back();
  for (size_t c = 0; c < channels; ++c) {
    moments.mean[c] = sums[c] / moments.pixels;
    const double var = sums[channels + c] / moments.pixels - moments.mean[c] * moments.mean[c];
    moments.var[c] = var < 0 ? 0 : var;  // NaN stays NaN
  }
  return moments;
}

// Of each of two lists over all processes.
void sum_over_all(std::vector<double>& a, std::vector<double>& b, const Processes& processes) {
  std::vector<double> both = a;
  both.insert(both.end(), b.begin(), b.end());
  processes.sum(both);
  std::copy_n(both.begin(), a.size(), a.begin());
  std::copy_n(both.begin() + std::ssize(a), b.size(), b.begin());
}

void update_running(const NormalizeActivateInput& in, const Moments& moments, double momentum) {
  float* mean = in.running_mean.data_ptr<float>();
  float* var = in.running_var.data_ptr<float>();
  const double n = moments.pixels, unbiased = n > 1 ? n / (n - 1) : 1.0;
  for (size_t c = 0; c < moments.mean.size(); ++c) {
    mean[c] = static_cast<float>((1 - momentum) * static_cast<double>(mean[c]) + momentum * moments.mean[c]);
    var[c] = static_cast<float>((1 - momentum) * static_cast<double>(var[c]) +
                                momentum * moments.var[c] * unbiased);
  }
}

// Everything per channel that the passes over memory need: z = y * scale + shift.
struct Affine {
  std::vector<double> mean, inverse_deviation, scale, shift;

  Affine(const Moments& moments, const at::Tensor& gamma, const at::Tensor& beta, double epsilon)
      : mean(moments.mean),
        inverse_deviation(moments.var.size()),
        scale(to_vector(gamma)),
        shift(to_vector(beta)) {
    for (size_t c = 0; c < mean.size(); ++c) {
      inverse_deviation[c] = 1.0 / std::sqrt(moments.var[c] + epsilon);
      scale[c] *= inverse_deviation[c];
      shift[c] -= mean[c] * scale[c];
    }
  }
};

float floor_of(Rectifier rectifier) {
  return rectifier == Rectifier::relu ? 0.0f : -std::numeric_limits<float>::infinity();
}

void* at_or_null(const at::Tensor& t, int64_t element) {
  return t.defined() ? at_element(t, element) : nullptr;
}

class NormalizeActivate : public torch::autograd::Function<NormalizeActivate> {
 public:
  static variable_list forward(AutogradContext* context, const at::Tensor& y, const at::Tensor& gamma,
                               const at::Tensor& beta, const c10::optional<at::Tensor>& maybe_shortcut,
                               const c10::optional<at::Tensor>& maybe_learned,
                               const NormalizeActivateInput* in, const NormalizeActivateOptions* options) {
    const at::Tensor shortcut = maybe_shortcut.value_or(at::Tensor());
    const at::Tensor learned = maybe_learned.value_or(at::Tensor());
    const Layout layout(y.numel(), y.size(1));
    const bool of_batch = options->statistics == Statistics::of_batch;
    Moments moments =
        of_batch ? moments_of(y, layout)
                 : Moments{to_vector(in->running_mean), to_vector(in->running_var), 0};
    const bool is_shared = of_batch && options->processes;
    if (is_shared) moments = moments_of_all(std::move(moments), *options->processes);
    if (of_batch) update_running(*in, moments, options->momentum);
    const Affine affine(moments, gamma, beta, options->epsilon);
    const std::vector<float> scale = layout.spread(affine.scale), shift = layout.spread(affine.shift);
    const bool quantizes = options->clip.has_value();
    const Clip clip = options->clip.value_or(Clip{{0.0f}, {0.0f}, {0.0f}});
    const float level = clip.largest[0], step = clip.step[0];
    const bool wants_real = options->real == NormalizeActivateOptions::Real::wanted;
    const at::Tensor real = wants_real ? at::empty_like(y) : at::Tensor();
    const at::Tensor quantized = quantizes ? at::empty_like(y) : at::Tensor();
    for_blocks(layout, [&](int64_t b) {
      layout.for_parts(b, [&](int64_t at, int64_t count, int64_t width) {
        norm_kernels().forward(storage_of(y), {count, width, at_element(y, at), at_or_null(shortcut, at),
                                               scale.data(), shift.data(), floor_of(options->rectifier),
                                               level, step, at_or_null(real, at), at_or_null(quantized, at)});
      });
    });
    // The activation is read back only where a shortcut was added; then it has to be kept.
    const bool keep = shortcut.defined();
    PACT_CHECK(!keep || wants_real);
    context->save_for_backward({y, keep ? real : at::Tensor()});
    context->saved_data["mean"] = affine.mean;
    context->saved_data["inverse_deviation"] = affine.inverse_deviation;
    context->saved_data["scale"] = affine.scale;
    context->saved_data["shift"] = affine.shift;
    context->saved_data["of_batch"] = of_batch;
    context->saved_data["pixels"] = moments.pixels;
    if (is_shared) context->saved_data["shared"] = shared_batch(*options->processes);
    context->saved_data["relu"] = options->rectifier == Rectifier::relu;
    context->saved_data["level"] = static_cast<double>(level);
    context->saved_data["step"] = static_cast<double>(step);
    context->saved_data["above"] = clip.above * clip.gradient_scale;
    context->saved_data["residue"] = clip.residue == 0 ? 0.0 : clip.residue / clip.above;
    context->saved_data["wants_real"] = wants_real;
    context->saved_data["learns"] = learned.defined() && learned.requires_grad();
    context->set_materialize_grads(false);
    variable_list outputs;
    if (wants_real) outputs.push_back(real);
    if (quantizes) outputs.push_back(quantized);
    return outputs;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& y = saved[0];
    const at::Tensor& kept = saved[1];
    auto& data = context->saved_data;
    const Layout layout(y.numel(), y.size(1));
    const std::vector<double> mean = data["mean"].toDoubleVector();
    const std::vector<double> inverse_deviation = data["inverse_deviation"].toDoubleVector();
    const std::vector<double> scale = data["scale"].toDoubleVector();
    const bool of_batch = data["of_batch"].toBool();
    size_t next = 0;
    const at::Tensor dr = data["wants_real"].toBool() ? gradients[next++] : at::Tensor();
    const at::Tensor dq = next < gradients.size() ? gradients[next] : at::Tensor();
    if (!dr.defined() && !dq.defined()) return variable_list(7);
    const at::Tensor dr_like = like(dr, y), dq_like = like(dq, y);

    const std::vector<float> scale_lanes = layout.spread(scale);
    const std::vector<float> shift_lanes = layout.spread(data["shift"].toDoubleVector());
    const std::vector<float> mean_lanes = layout.spread(mean);
    const float floor = floor_of(data["relu"].toBool() ? Rectifier::relu : Rectifier::none);
    const auto part = [&](int64_t at, int64_t count, int64_t width) {
      return NormActivateBackward{count,
                                  width,
                                  at_element(y, at),
                                  at_or_null(kept, at),
                                  at_or_null(dr_like, at),
                                  at_or_null(dq_like, at),
                                  scale_lanes.data(),
                                  shift_lanes.data(),
                                  floor,
                                  static_cast<float>(data["level"].toDouble()),
                                  static_cast<float>(data["step"].toDouble()),
                                  static_cast<float>(data["residue"].toDouble())};
    };
    const Storage storage = storage_of(y);
    const at::Tensor dz = kept.defined() ? at::empty_like(y) : at::Tensor();
    BlockSums sums(layout, 3);
    for_blocks(layout, [&](int64_t b) {
      layout.for_parts(b, [&](int64_t at, int64_t count, int64_t width) {
        norm_kernels().backward_sums(storage, part(at, count, width), mean_lanes.data(), sums.lanes(b, 0),
                                     sums.lanes(b, 1), sums.lanes(b, 2), at_or_null(dz, at));
      });
    });
    const std::vector<double> dbeta = sums.per_channel(0);
    std::vector<double> dgamma = sums.per_channel(1);
    // The kernel counts what is clipped as 1: the gradient of a level, which is 1 / above that of what is learned.
    double dlevel = 0;
    for (const double share : sums.per_channel(2)) dlevel += share;

    // dy = scale * (dz - mean(dz) - x * mean(dz * x)) with x = (y - mean) * inverse_deviation, the means over
    // the pixels of all processes; the gradients of gamma and beta are this one's part.
    std::vector<double> y_factor(dbeta.size()), offset(dbeta.size());
    for (size_t c = 0; c < dbeta.size(); ++c) dgamma[c] *= inverse_deviation[c];
    std::vector<double> whole_dbeta = dbeta, whole_dgamma = dgamma;
    if (const auto shared = data.find("shared"); shared != data.end())
      sum_over_all(whole_dbeta, whole_dgamma, processes_of(shared->second));
    const double n = data["pixels"].toDouble();
    for (size_t c = 0; of_batch && c < dbeta.size(); ++c) {  // running statistics are constants
      y_factor[c] = -scale[c] * inverse_deviation[c] * whole_dgamma[c] / n;
      offset[c] = -scale[c] * whole_dbeta[c] / n - mean[c] * y_factor[c];
    }
    const std::vector<float> y_factor_lanes = layout.spread(y_factor), offset_lanes = layout.spread(offset);
    const at::Tensor dy = at::empty_like(y);
    for_blocks(layout, [&](int64_t b) {
      layout.for_parts(b, [&](int64_t at, int64_t count, int64_t width) {
        norm_kernels().backward_apply(storage, part(at, count, width), at_or_null(dz, at), scale_lanes.data(),
                                      y_factor_lanes.data(), offset_lanes.data(), at_element(dy, at));
      });
    });
    const at::Tensor dlearned = data["learns"].toBool()
                                    ? at::scalar_tensor(dlevel * data["above"].toDouble(), at::kFloat)
                                    : at::Tensor();
    return {dy, to_tensor(dgamma), to_tensor(dbeta), dz, dlearned, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

NormalizeActivateOutput normalize_activate(const NormalizeActivateInput& given,
                                           const NormalizeActivateOptions& options) {
  PACT_CHECK(!options.clip || (options.rectifier == Rectifier::relu && options.clip->is_one_from_zero()));
  if (given.y.dim() != 2 && given.y.dim() != 4)
    fail(ErrorKind::unsupported, "batch norm over {} axes; 2 or 4 are supported", given.y.dim());
  NormalizeActivateInput in = given;
  in.y = channels_last(in.y);
  in.shortcut = like(in.shortcut, in.y);
  const bool wants_real = options.real == NormalizeActivateOptions::Real::wanted;
  NormalizeActivateOptions keeping = options;
  if (in.shortcut.defined()) keeping.real = NormalizeActivateOptions::Real::wanted;
  // libtorch wants absent tensors as absent optionals.
  const auto optional = [](const at::Tensor& t) {
    return t.defined() ? c10::make_optional(t) : c10::nullopt;
  };
  const Gpu* gpu = gpu_of(in.y);
  const variable_list outputs = gpu ? normalize_activate_on_gpu(*gpu, in, keeping)
                                    : NormalizeActivate::apply(in.y, in.gamma, in.beta, optional(in.shortcut),
                                                               optional(in.learned), &in, &keeping);
  NormalizeActivateOutput result;
  size_t next = 0;
  if (keeping.real == NormalizeActivateOptions::Real::wanted) {
    if (wants_real) result.real = outputs[next];
    ++next;
  }
  if (options.clip) result.quantized = outputs[next];
  return result;
}

}  // namespace pact::train
