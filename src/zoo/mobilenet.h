// MobileNet (V1) of Howard et al. 2017: each layer a 3x3 convolution per channel and a 1x1 convolution, both
// with batch norm and ReLU.
#pragma once

#include "zoo/zoo.h"

namespace pact::zoo {

graph::Graph mobilenet(const InputSpec&);  // 4,231,976 parameters, 569 million MACs at 224x224

}  // namespace pact::zoo
