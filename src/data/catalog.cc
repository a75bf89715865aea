// The list of data sets. A new one is a line in `entries` and its own pair of files.
#include <algorithm>
#include <iterator>

#include "base/error.h"
#include "base/strings.h"
#include "data/cifar10.h"
#include "data/dataset.h"
#include "data/shapes.h"

namespace pact::data {
namespace {

struct Entry {
  DatasetEntry shown;
  TrainTest (*load)(const std::string& options, Part part);  // `options`: what follows "name:", may be empty
  Dataset (*describe)();                                      // without images
};

const std::vector<Entry>& entries() {
  static const std::vector<Entry> list = {
      {{"shapes", "shapes[:train=N,test=N,seed=N]",
        "ten kinds of drawn figures, 32x32 colour, made on the fly; needs no files"},
       load_shapes, describe_shapes},
      {{"cifar10", "cifar10:DIR", "CIFAR-10, 32x32 colour photographs in ten classes, binary version in DIR"},
       load_cifar10, describe_cifar10},
  };
  return list;
}

const Entry& find_entry(std::string_view name) {
  const auto entry = std::ranges::find(entries(), name, [](const Entry& e) { return e.shown.name; });
  if (entry == entries().end()) {
    std::vector<std::string> names;
    for (const Entry& e : entries()) names.push_back(e.shown.name);
    fail("{}", unknown_name("data set", name, names));
  }
  return *entry;
}

}  // namespace

TrainTest load_dataset(const std::string& spec, Part part) {
  const size_t colon = std::min(spec.find(':'), spec.size());
  const std::string options = colon < spec.size() ? spec.substr(colon + 1) : std::string();
  TrainTest loaded = find_entry(spec.substr(0, colon)).load(options, part);
  loaded.train.name = loaded.test.name = spec;
  return loaded;
}

std::vector<std::string> class_names(const std::string& spec) {
  return find_entry(spec.substr(0, spec.find(':'))).describe().classes;
}

const std::vector<DatasetEntry>& dataset_catalog() {
  static const std::vector<DatasetEntry> shown = [] {
    std::vector<DatasetEntry> list;
    std::ranges::transform(entries(), std::back_inserter(list), &Entry::shown);
    return list;
  }();
  return shown;
}

}  // namespace pact::data
