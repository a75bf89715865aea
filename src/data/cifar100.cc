#include "data/cifar100.h"

#include "data/array_options.h"
#include "data/cifar_files.h"

namespace pact::data {
namespace {

const CifarFiles kFiles = {.title = "CIFAR-100",
                           .folder = "cifar-100-binary",
                           .train = {"train.bin"},
                           .test = {"test.bin"},
                           .python_file = "train",
                           .likely_mistake = "CIFAR-10",
                           .label_bytes = 2,
                           .records = 50000};

SpecOptions parse(const std::string& text) { return SpecOptions("cifar100", text, array_options()); }

Dataset description() {
  Dataset set;
  set.image = kCifarImage;
  set.classes = {"apple",       "aquarium_fish", "baby",      "bear",       "beaver",       "bed",
                 "bee",         "beetle",        "bicycle",   "bottle",     "bowl",         "boy",
                 "bridge",      "bus",           "butterfly", "camel",      "can",          "castle",
                 "caterpillar", "cattle",        "chair",     "chimpanzee", "clock",        "cloud",
                 "cockroach",   "couch",         "crab",      "crocodile",  "cup",          "dinosaur",
                 "dolphin",     "elephant",      "flatfish",  "forest",     "fox",          "girl",
                 "hamster",     "house",         "kangaroo",  "keyboard",   "lamp",         "lawn_mower",
                 "leopard",     "lion",          "lizard",    "lobster",    "man",          "maple_tree",
                 "motorcycle",  "mountain",      "mouse",     "mushroom",   "oak_tree",     "orange",
                 "orchid",      "otter",         "palm_tree", "pear",       "pickup_truck", "pine_tree",
                 "plain",       "plate",         "poppy",     "porcupine",  "possum",       "rabbit",
                 "raccoon",     "ray",           "road",      "rocket",     "rose",         "sea",
                 "seal",        "shark",         "shrew",     "skunk",      "skyscraper",   "snail",
                 "snake",       "spider",        "squirrel",  "streetcar",  "sunflower",    "sweet_pepper",
                 "table",       "tank",          "telephone", "television", "tiger",        "tractor",
                 "train",       "trout",         "tulip",     "turtle",     "wardrobe",     "whale",
                 "willow_tree", "wolf",          "woman",     "worm"};
  // Near the training set's means 129.3, 124.1, 112.4 and deviations 68.2, 65.4, 70.4, as for cifar10.
  set.normalization = {.mean = {129, 124, 112}, .std = {64, 64, 64}};
  return set;
}

}  // namespace

Dataset describe_cifar100(const std::string& text) {
  Dataset set = description();
  apply_array_options(parse(text), set);
  return set;
}

void require_cifar100(const std::string& text) { require_cifar(kFiles, parse(text), Part::both); }

TrainTest load_cifar100(const std::string& text, Part part) {
  return load_cifar(kFiles, description(), parse(text), part);
}

}  // namespace pact::data
