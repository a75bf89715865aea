// ResNet-18 and ResNet-50 for 224x224 images and 1000 classes, in the form in which torchvision trains and
// publishes them (v1.5 of He et al. 2016: a bottleneck strides in its 3x3 convolution). Parameters have the
// names of torchvision's state_dict, so that weights trained elsewhere can be put under them.
#pragma once

#include "zoo/zoo.h"

namespace pact::zoo {

// 224x224, 1000 classes. The usual normalization of ImageNet, means 123.675, 116.28, 103.53 and deviations
// about 58, in the rounded form that integers take exactly (docs/data.md): whole means, one power of two.
InputSpec imagenet_input();

graph::Graph resnet18(const InputSpec&);  // 11,689,512 parameters, 1.81 billion MACs
graph::Graph resnet50(const InputSpec&);  // 25,557,032 parameters, 4.09 billion MACs

}  // namespace pact::zoo
