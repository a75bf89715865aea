// Learned step size quantization (Esser et al. 2020): the step is a parameter, weights say nothing about it
// but where it starts (quant/learned.h).
#include "quant/weight_schemes/choose.h"

namespace pact::quant {

void choose_lsq(WeightGrid&, std::span<const float>, const Moments&) {}

}  // namespace pact::quant
