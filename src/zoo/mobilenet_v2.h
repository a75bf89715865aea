// MobileNetV2 of Sandler et al. 2018 in torchvision's form and with the names of its state_dict: inverted
// residuals, whose last convolution is linear. What reads such an output meets values of both signs.
#pragma once

#include "zoo/zoo.h"

namespace pact::zoo {

graph::Graph mobilenet_v2(const InputSpec&);  // 3,504,872 parameters, 300.8 million MACs at 224x224

}  // namespace pact::zoo
