// What training minimises, without the decay terms (those live in the optimizer).
#pragma once

#include "train/settings.h"
#include "train/torch.h"

namespace pact::train {

// Mean over the batch of cross-entropy with label smoothing; with a teacher's logits, mixed with the
// distillation loss of Hinton et al. 2015: (1 - d) CE + d T^2 KL(teacher || student at temperature T).
at::Tensor loss(const Settings& settings, const at::Tensor& logits, const at::Tensor& labels,
                const at::Tensor& teacher_logits);

}  // namespace pact::train
