// Weight quantizers: forward exactly quant/weights.h, backward straight through the rounding.
#pragma once

#include "train/quantizers/catalog.h"

namespace pact::train {

std::unique_ptr<WeightQuantizer> make_dorefa_weights();
std::unique_ptr<WeightQuantizer> make_sawb_weights();
std::unique_ptr<WeightQuantizer> make_symmetric_weights();

}  // namespace pact::train
