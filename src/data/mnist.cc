#include "data/mnist.h"

#include <filesystem>

#include "base/error.h"
#include "base/strings.h"
#include "data/array_options.h"
#include "data/idx_file.h"

namespace pact::data {
namespace {

namespace fs = std::filesystem;

constexpr ImageShape kImage = {28, 28, 1};

struct Variant {
  const char* set;
  const char* folder;  // that torchvision makes
  std::vector<std::string> classes;
  double mean;  // of the training set, rounded
};

// The deviations, 78.6 and 90.0, are nearest to 64 among the powers of two.
const Variant kMnist = {"mnist", "MNIST", {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}, 33};
const Variant kFashion = {"fashion_mnist",
                          "FashionMNIST",
                          {"T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt",
                           "sneaker", "bag", "ankle boot"},
                          73};

SpecOptions parse(const Variant& variant, const std::string& text) {
  return SpecOptions(variant.set, text, array_options());
}

Dataset description(const Variant& variant) {
  Dataset set;
  set.image = kImage;
  set.classes = variant.classes;
  set.normalization = {.mean = {variant.mean}, .std = {64}};
  return set;
}

// `name` in one of `folders`, plain or compressed.
std::optional<fs::path> find_file(const std::vector<fs::path>& folders, const std::string& name) {
  std::error_code ignored;
  for (const fs::path& folder : folders)
    for (const char* ending : {"", ".gz"})
      if (fs::is_regular_file(folder / (name + ending), ignored)) return folder / (name + ending);
  return std::nullopt;
}

void read_part(const fs::path& images_path, const fs::path& labels_path, Dataset& set) {
  const IdxArray images = read_idx(images_path, 3), labels = read_idx(labels_path, 1);
  if (images.shape[1] != static_cast<uint32_t>(kImage.height) ||
      images.shape[2] != static_cast<uint32_t>(kImage.width))
    fail("{}: has images of {} x {}; they should have {} x {}", images_path.string(), images.shape[1],
         images.shape[2], kImage.height, kImage.width);
  if (images.shape[0] != labels.shape[0])
    fail("{}: has {} images, and {} has {} labels", images_path.string(), images.shape[0],
         labels_path.string(), labels.shape[0]);
  for (size_t i = 0; i < labels.bytes.size(); ++i)
    if (labels.bytes[i] >= set.classes.size())
      fail("{}: label {} is {}; labels are 0 to {}", labels_path.string(), i, labels.bytes[i],
           set.classes.size() - 1);
  set.pixels = images.bytes;
  set.labels.assign(labels.bytes.begin(), labels.bytes.end());
}

TrainTest load(const Variant& variant, const std::string& text, Part part) {
  const SpecOptions options = parse(variant, text);
  const fs::path& given = options.directory();
  if (given.empty()) fail("{} needs a folder: {}:DIR", variant.set, variant.set);
  if (!fs::is_directory(given)) fail("{}: there is no folder '{}'", variant.set, given.string());
  const std::vector<fs::path> folders = {given, given / "raw", given / variant.folder / "raw"};
  TrainTest loaded{description(variant), description(variant)};
  std::vector<std::string> missing;
  const auto load_part = [&](const std::string& prefix, Dataset& set) {
    const std::string names[] = {prefix + "-images-idx3-ubyte", prefix + "-labels-idx1-ubyte"};
    const auto images = find_file(folders, names[0]), labels = find_file(folders, names[1]);
    if (!images) missing.push_back(names[0]);
    if (!labels) missing.push_back(names[1]);
    if (missing.empty()) read_part(*images, *labels, set);
  };
  if (part != Part::train) load_part("t10k", loaded.test);
  if (part != Part::test) load_part("train", loaded.train);
  if (!missing.empty())
    fail("{}: '{}' lacks {} (plain or with .gz); `pact data get {}` downloads it", variant.set,
         given.string(), join(missing), variant.set);
  apply_array_options(options, loaded);
  return loaded;
}

Dataset describe(const Variant& variant, const std::string& text) {
  Dataset set = description(variant);
  apply_array_options(parse(variant, text), set);
  return set;
}

}  // namespace

TrainTest load_mnist(const std::string& text, Part part) { return load(kMnist, text, part); }
TrainTest load_fashion_mnist(const std::string& text, Part part) { return load(kFashion, text, part); }
Dataset describe_mnist(const std::string& text) { return describe(kMnist, text); }
Dataset describe_fashion_mnist(const std::string& text) { return describe(kFashion, text); }

}  // namespace pact::data
