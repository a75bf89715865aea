// Networks without shortcuts: convolutions and pools, one after the other, and linear layers at the end.
#pragma once

#include "zoo/zoo.h"

namespace pact::zoo {

// SVHN, the 40x40 images of the paper (means and deviations of the digits' training images, rounded).
InputSpec svhn_input();
// 28x28 in grey, with the mean and deviation of Fashion-MNIST, rounded.
InputSpec grey_input();

// The network for SVHN of DoReFa-Net (Zhou et al. 2016, arXiv:1606.06160), which the PACT paper takes over:
// seven convolutions and a linear layer. The last convolution covers all that is left of the image, 5x5 of
// 40x40 and 3x3 of 32x32. 2,082,378 parameters and 41.7 million MACs at 40x40.
graph::Graph svhn_network(const InputSpec&);

// AlexNet (Krizhevsky et al. 2012) in its two groups, with a batch norm behind each layer but the last, in
// place of local response normalization and of biases. 60,974,792 parameters, 724 million MACs.
graph::Graph alexnet_bn(const InputSpec&);

// VGG-small, as papers on few bits have it for CIFAR-10 (LQ-Nets, Zhang et al. 2018): six convolutions and a
// linear layer. 4,660,106 parameters, 608 million MACs.
graph::Graph vgg_small(const InputSpec&);

// LeNet-5 (LeCun et al. 1998) as it is built today: all channels connected, ReLU, maxima. 61,706 parameters.
graph::Graph lenet5(const InputSpec&);

}  // namespace pact::zoo
