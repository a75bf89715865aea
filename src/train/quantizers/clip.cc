#include "train/quantizers/clip.h"

#include "base/cpu.h"
#include "base/error.h"
#include "kernels/clip_quantize/clip_quantize.h"
#include "train/channel_blocks.h"
#include "train/quantizers/clip_gpu.h"
#include "train/storage.h"

namespace pact::train {
namespace {

using kernels::ClipLanes;
using kernels::ClipQuantizeKernels;
using kernels::ClipShares;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

const ClipQuantizeKernels& clip_kernels() {
  static const ClipQuantizeKernels& chosen = kernels::clip_quantize_kernels(selected_isa());
  return chosen;
}

// The lanes of a clip of `layout.channels` channels.
struct Lanes {
  std::vector<float> least, largest, step;

  Lanes(const Layout& layout, const Clip& clip)
      : least(layout.spread(clip.least)),
        largest(layout.spread(clip.largest)),
        step(layout.spread(clip.step)) {}
  ClipLanes of(int64_t count, int64_t width) const {
    return {count, width, least.data(), largest.data(), step.data()};
  }
};

// Part `row` of `rows` equal ones, with the clip that it has.
Clip clip_of_row(const Clip& clip, size_t row) {
  Clip own = clip;
  own.least = {clip.least[row]}, own.largest = {clip.largest[row]}, own.step = {clip.step[row]};
  return own;
}

void quantize_part(const at::Tensor& x, int64_t begin, const Layout& layout, const Clip& clip,
                   const at::Tensor& q) {
  const Lanes lanes(layout, clip);
  for_blocks(layout, [&](int64_t b) {
    layout.for_parts(b, [&](int64_t at, int64_t count, int64_t width) {
      clip_kernels().forward(storage_of(x), lanes.of(count, width), at_element(x, begin + at),
                             at_element(q, begin + at));
    });
  });
}

// The gradient of what is learned, for each channel of `layout`.
std::vector<double> differentiate_part(const at::Tensor& x, const at::Tensor& dq, int64_t begin,
                                       const Layout& layout, const Clip& clip, const at::Tensor& dx) {
  const Lanes lanes(layout, clip);
  const ClipShares shares{static_cast<float>(clip.below), static_cast<float>(clip.above),
                          static_cast<float>(clip.residue)};
  BlockSums sums(layout, 1);
  for_blocks(layout, [&](int64_t b) {
    layout.for_parts(b, [&](int64_t at, int64_t count, int64_t width) {
      clip_kernels().backward(storage_of(x), lanes.of(count, width), shares, at_element(x, begin + at),
                              at_element(dq, begin + at), at_element(dx, begin + at), sums.lanes(b, 0));
    });
  });
  return sums.per_channel(0);
}

// Calls part(first element, layout, clip, channel of its first sum): once, or for each row of a clip per row.
template <typename Part>
void for_rows(const at::Tensor& x, const Clip& clip, ChannelAxis axis, const Part& part) {
  const auto channels = static_cast<int64_t>(clip.step.size());
  if (channels == 1 || axis == ChannelAxis::second) return part(0, Layout(x.numel(), channels), clip, 0);
  const int64_t each = x.numel() / channels;
  for (int64_t row = 0; row < channels; ++row)
    part(row * each, Layout(each, 1), clip_of_row(clip, static_cast<size_t>(row)), row);
}

class ClipQuantize : public torch::autograd::Function<ClipQuantize> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const c10::optional<at::Tensor>& learned, const Clip* clip, int64_t axis) {
    const at::Tensor q = at::empty_like(x);
    for_rows(x, *clip, static_cast<ChannelAxis>(axis),
             [&](int64_t begin, const Layout& layout, const Clip& own, int64_t) {
               quantize_part(x, begin, layout, own, q);
             });
    const auto saved = [&](const std::vector<float>& numbers) { return at::tensor(numbers, at::kFloat); };
    context->save_for_backward({x, saved(clip->least), saved(clip->largest), saved(clip->step)});
    context->saved_data["shares"] =
        std::vector<double>{clip->below, clip->above, clip->residue, clip->gradient_scale};
    context->saved_data["axis"] = axis;
    context->saved_data["learns"] = learned.has_value() && learned->requires_grad();
    context->saved_data["shape"] = learned.has_value() ? learned->sizes().vec() : std::vector<int64_t>{};
    return q;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const auto axis = static_cast<ChannelAxis>(context->saved_data["axis"].toInt());
    const at::Tensor dq = axis == ChannelAxis::first ? gradients[0].contiguous() : like(gradients[0], x);
    const auto numbers = [](const at::Tensor& t) {
      return std::vector<float>(t.data_ptr<float>(), t.data_ptr<float>() + t.numel());
    };
    const std::vector<double> shares = context->saved_data["shares"].toDoubleVector();
    const Clip clip{numbers(saved[1]), numbers(saved[2]), numbers(saved[3]), shares[0],
                    shares[1],         shares[2],         shares[3]};
    const at::Tensor dx = at::empty_like(x);
    const at::Tensor dlearned = at::empty(context->saved_data["shape"].toIntVector(), at::kFloat);
    for_rows(x, clip, axis, [&](int64_t begin, const Layout& layout, const Clip& own, int64_t first) {
      const std::vector<double> sums = differentiate_part(x, dq, begin, layout, own, dx);
      if (dlearned.numel() < first + std::ssize(sums)) return;
      for (size_t c = 0; c < sums.size(); ++c)
        dlearned.data_ptr<float>()[static_cast<size_t>(first) + c] =
            static_cast<float>(sums[c] * clip.gradient_scale);
    });
    const bool learns = context->saved_data["learns"].toBool();
    return {dx, learns ? dlearned : at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

std::vector<quant::Grid> activation_grids(quant::ActivationScheme scheme, const quant::Grid& form,
                                          const at::Tensor& learned) {
  if (entry_of(scheme).learned == quant::Learned::nothing) return {activation_grid(scheme, form, 1.0f)};
  if (!learned.defined()) fail("the scheme '{}' needs what it learns", entry_of(scheme).name);
  std::vector<quant::Grid> grids;
  const float* numbers = learned.data_ptr<float>();
  for (int64_t c = 0; c < learned.numel(); ++c) grids.push_back(activation_grid(scheme, form, numbers[c]));
  return grids;
}

// With n the largest code and -m the least one:
//   a level alpha   ends -m / n alpha and alpha; shares -m / n and 1, 1 / n of the rounding
//   a step s        ends -m s and n s;           shares -m and n,     1 of the rounding
Clip make_clip(quant::ActivationScheme scheme, const quant::Grid& form, const at::Tensor& learned,
               const ClipRule& rule) {
  const bool is_step = entry_of(scheme).learned == quant::Learned::step;
  const bool learns = entry_of(scheme).learned != quant::Learned::nothing;
  const std::vector<quant::Grid> grids = activation_grids(scheme, form, learned);
  const double largest = form.max_code(), least = form.min_code();
  Clip clip;
  for (size_t c = 0; c < grids.size(); ++c) {
    const float level = is_step  ? grids[c].value_of(form.max_code())
                        : learns ? learned.data_ptr<float>()[c]
                                 : 1.0f;
    clip.step.push_back(grids[c].step);
    clip.largest.push_back(level);
    clip.least.push_back(form.min_code() == -form.max_code() ? -level : grids[c].value_of(form.min_code()));
  }
  clip.below = is_step ? least : least / largest;
  clip.above = is_step ? largest : 1.0;
  if (rule.gradient == ClipRule::Gradient::of_rounding) clip.residue = is_step ? 1.0 : 1.0 / largest;
  clip.gradient_scale = rule.gradient_scale;
  return clip;
}

at::Tensor clip_quantize(const at::Tensor& x, const at::Tensor& learned, const Clip& clip, ChannelAxis axis) {
  const Gpu* gpu = gpu_of(x);
  if (gpu && axis == ChannelAxis::first &&
      clip.step.size() > 1)  // its kernels want the channel to run fastest
    return clip_quantize_on_gpu(*gpu, x.flatten(1).t().contiguous(), learned, clip).t().reshape(x.sizes());
  const at::Tensor laid = axis == ChannelAxis::second ? channels_last(x) : x.contiguous();
  if (gpu) return clip_quantize_on_gpu(*gpu, laid, learned, clip);
  return ClipQuantize::apply(laid, learned.defined() ? c10::make_optional(learned) : c10::nullopt, &clip,
                             static_cast<int64_t>(axis));
}

}  // namespace pact::train
