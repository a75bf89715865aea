// The list of data sets. A new one is a line in `entries` and its own pair of files.
#include <algorithm>
#include <filesystem>
#include <iterator>

#include "base/error.h"
#include "base/strings.h"
#include "data/cifar10.h"
#include "data/cifar100.h"
#include "data/dataset.h"
#include "data/describe.h"
#include "data/folder.h"
#include "data/mnist.h"
#include "data/shapes.h"
#include "data/svhn.h"

namespace pact::data {
namespace {

struct Entry {
  DatasetEntry shown;
  TrainTest (*load)(const std::string& options, Part part);  // `options`: what follows "name:", may be empty
  Dataset (*describe)(const std::string& options);           // without images
  void (*require)(const std::string& options);               // that its files are there
};

// Where describing looks at the folder, or where there are no files.
template <Dataset (*describe)(const std::string&)>
void described(const std::string& options) {
  describe(options);
}

const std::vector<Entry>& entries() {
  static const std::vector<Entry> list = {
      {{"shapes", "shapes[:train=N,test=N,seed=N]",
        "ten kinds of drawn figures, 32x32 colour, made on the fly; needs no files"},
       load_shapes,
       describe_shapes,
       described<describe_shapes>},
      {{"cifar10", "cifar10:DIR", "CIFAR-10, 32x32 colour photographs in ten classes, binary version in DIR"},
       load_cifar10,
       describe_cifar10,
       require_cifar10},
      {{"cifar100", "cifar100:DIR", "CIFAR-100, the same in a hundred classes, binary version in DIR"},
       load_cifar100,
       describe_cifar100,
       require_cifar100},
      {{"svhn", "svhn:DIR[,extra=yes]",
        "Street View House Numbers, 32x32 colour, ten digits, MATLAB files in DIR"},
       load_svhn,
       describe_svhn,
       require_svhn},
      {{"mnist", "mnist:DIR", "MNIST, 28x28 grey handwritten digits, idx files in DIR"},
       load_mnist,
       describe_mnist,
       require_mnist},
      {{"fashion_mnist", "fashion_mnist:DIR",
        "Fashion-MNIST, 28x28 grey clothes in ten classes, idx files in DIR"},
       load_fashion_mnist,
       describe_fashion_mnist,
       require_fashion_mnist},
      {{"folder", "folder:DIR[,size=N,...]", "your own images, a folder for each class, JPEG, PNG or PPM"},
       load_folder,
       describe_folder,
       described<describe_folder>},
      {{"imagenette", "imagenette:DIR[,size=N,...]", "Imagenette, photographs in ten classes of ImageNet"},
       load_imagenette,
       describe_imagenette,
       described<describe_imagenette>},
      {{"imagenet", "imagenet:DIR[,size=N,...]", "ImageNet (ILSVRC 2012), folders train and val in DIR"},
       load_imagenet,
       describe_imagenet,
       described<describe_imagenet>},
  };
  return list;
}

const Entry& find_entry(std::string_view name) {
  const auto entry = std::ranges::find(entries(), name, [](const Entry& e) { return e.shown.name; });
  if (entry == entries().end()) {
    std::vector<std::string> names;
    for (const Entry& e : entries()) names.push_back(e.shown.name);
    std::error_code ignored;
    const bool is_folder = std::filesystem::is_directory(name, ignored);
    fail("{}{}", unknown_name("data set", name, names),
         is_folder
             ? fmt::format(". '{}' is a folder: say before it what is in it, as cifar10:{} or folder:{}",
                           name, name, name)
             : "");
  }
  return *entry;
}

// "name:options", the options empty where there is no colon.
std::pair<std::string, std::string> split_spec(const std::string& spec) {
  const size_t colon = std::min(spec.find(':'), spec.size());
  return {spec.substr(0, colon), colon < spec.size() ? spec.substr(colon + 1) : std::string()};
}

}  // namespace

TrainTest load_dataset(const std::string& spec, Part part) {
  const auto [name, options] = split_spec(spec);
  TrainTest loaded = find_entry(name).load(options, part);
  loaded.train.name = loaded.test.name = spec;
  return loaded;
}

Dataset describe_dataset(const std::string& spec) {
  const auto [name, options] = split_spec(spec);
  Dataset set = find_entry(name).describe(options);
  set.name = spec;
  return set;
}

void require_files(const std::string& spec) {
  const auto [name, options] = split_spec(spec);
  find_entry(name).require(options);
}

std::vector<std::string> class_names(const std::string& spec) { return describe_dataset(spec).classes; }

const std::vector<DatasetEntry>& dataset_catalog() {
  static const std::vector<DatasetEntry> shown = [] {
    std::vector<DatasetEntry> list;
    std::ranges::transform(entries(), std::back_inserter(list), &Entry::shown);
    return list;
  }();
  return shown;
}

}  // namespace pact::data
