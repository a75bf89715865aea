#include "train/loss.h"

namespace pact::train {

at::Tensor loss(const Settings& settings, const at::Tensor& logits, const at::Tensor& labels,
                const at::Tensor& teacher_logits) {
  const at::Tensor cross_entropy =
      at::cross_entropy_loss(logits, labels, {}, at::Reduction::Mean, -100, settings.label_smoothing);
  if (!teacher_logits.defined()) return cross_entropy;
  const double t = settings.temperature, share = settings.distill;
  const at::Tensor student = at::log_softmax(logits / t, 1);
  const at::Tensor target = at::log_softmax(teacher_logits / t, 1);
  const at::Tensor divergence = (target.exp() * (target - student)).sum(1).mean();
  return cross_entropy * (1 - share) + divergence * (share * t * t);
}

}  // namespace pact::train
