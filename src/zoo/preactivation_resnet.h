// ResNet-18 and ResNet-50 in the full pre-activation form of He et al. 2016b (arXiv:1603.05027), which the
// PACT paper trains on ImageNet: batch norm and ReLU stand in front of the convolutions, and nothing behind
// the addition, so that a shortcut reaches through a whole stage unchanged.
#pragma once

#include "zoo/zoo.h"

namespace pact::zoo {

graph::Graph preresnet18(const InputSpec&);  // 11,687,720 parameters, 1.81 billion MACs
graph::Graph preresnet50(const InputSpec&);  // 25,549,352 parameters, 4.09 billion MACs

}  // namespace pact::zoo
