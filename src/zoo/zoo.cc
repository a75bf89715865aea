#include "zoo/zoo.h"

#include "base/error.h"
#include "base/strings.h"
#include "zoo/cifar_resnet.h"
#include "zoo/imagenet_resnet.h"
#include "zoo/mobilenet.h"

namespace pact::zoo {

const std::vector<ZooEntry>& catalog() {
  static const std::vector<ZooEntry> entries = {
      {"resnet8", "CIFAR ResNet with one block a stage; trains in a minute", {}, resnet8},
      {"resnet20", "CIFAR ResNet-20 (He et al. 2016), the PACT paper's first network", {}, resnet20},
      {"resnet32", "CIFAR ResNet-32", {}, resnet32},
      {"resnet56", "CIFAR ResNet-56", {}, resnet56},
      {"resnet18", "ImageNet ResNet-18 as in torchvision", imagenet_input(), resnet18},
      {"resnet50", "ImageNet ResNet-50 as in torchvision (v1.5)", imagenet_input(), resnet50},
      {"mobilenet", "MobileNet V1 (Howard et al. 2017), convolutions per channel", imagenet_input(), mobilenet},
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
