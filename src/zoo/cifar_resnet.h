// The residual networks of He et al. 2016 for 32x32 images: three stages of n blocks with 16, 32 and 64
// channels, 6n + 2 layers, identity shortcuts that subsample and pad with zero channels ("option A", no
// parameters).
#pragma once

#include "zoo/zoo.h"

namespace pact::zoo {

// 32x32, 10 classes, the means and the deviation of CIFAR-10 in the rounded form of docs/data.md.
InputSpec cifar_input();

graph::Graph resnet20(const InputSpec&);
graph::Graph resnet32(const InputSpec&);
graph::Graph resnet56(const InputSpec&);
graph::Graph resnet8(const InputSpec&);  // one block a stage: trains in a minute

}  // namespace pact::zoo
