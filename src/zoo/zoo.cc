#include "zoo/zoo.h"

#include "base/error.h"
#include "base/strings.h"
#include "zoo/cifar_resnet.h"
#include "zoo/imagenet_resnet.h"
#include "zoo/mobilenet.h"
#include "zoo/mobilenet_v2.h"
#include "zoo/plain_networks.h"
#include "zoo/preactivation_resnet.h"

namespace pact::zoo {

const std::vector<ZooEntry>& catalog() {
  static const std::vector<ZooEntry> entries = {
      {"lenet5", "LeNet-5 (LeCun et al. 1998) for 28x28 grey images", grey_input(), lenet5},
      {"svhnnet", "the PACT paper's network for SVHN (DoReFa-Net, Zhou et al. 2016)", svhn_input(),
       svhn_network},
      {"vgg-small", "VGG-small for CIFAR-10, without shortcuts", cifar_input(), vgg_small},
      {"resnet8", "CIFAR ResNet with one block a stage; trains in a minute", cifar_input(), resnet8},
      {"resnet20", "CIFAR ResNet-20 (He et al. 2016), the PACT paper's first network", cifar_input(),
       resnet20},
      {"resnet32", "CIFAR ResNet-32", cifar_input(), resnet32},
      {"resnet56", "CIFAR ResNet-56", cifar_input(), resnet56},
      {"alexnet-bn", "AlexNet with batch norm, the PACT paper's", imagenet_input(), alexnet_bn},
      {"preresnet18", "ResNet-18 in full pre-activation form, the PACT paper's", imagenet_input(),
       preresnet18},
      {"preresnet50", "ResNet-50 in full pre-activation form, the PACT paper's", imagenet_input(),
       preresnet50},
      {"resnet18", "ImageNet ResNet-18 as in torchvision", imagenet_input(), resnet18},
      {"resnet50", "ImageNet ResNet-50 as in torchvision (v1.5)", imagenet_input(), resnet50},
      {"mobilenet", "MobileNet V1 (Howard et al. 2017), convolutions per channel", imagenet_input(),
       mobilenet},
      {"mobilenetv2", "MobileNet V2 (Sandler et al. 2018) as in torchvision", imagenet_input(), mobilenet_v2},
  };
  return entries;
}

const ZooEntry& find_entry(const std::string& name) {
  std::vector<std::string> names;
  for (const ZooEntry& entry : catalog()) {
    if (entry.name == name) return entry;
    names.push_back(entry.name);
  }
  fail("{}", unknown_name("network", name, names));
}

}  // namespace pact::zoo
