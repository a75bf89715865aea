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

struct PartFiles {
  fs::path images, labels;
};
struct Files {
  std::optional<PartFiles> train, test;
};

// Those of `part`, which are all there.
Files require_files(const Variant& variant, const SpecOptions& options, Part part) {
  const fs::path& given = options.directory();
  if (given.empty()) fail("{} needs a folder: {}:DIR", variant.set, variant.set);
  if (!fs::is_directory(given)) fail("{}: there is no folder '{}'", variant.set, given.string());
  const std::vector<fs::path> folders = {given, given / "raw", given / variant.folder / "raw"};
  std::vector<std::string> missing;
  const auto find = [&](const std::string& name) {
    const std::optional<fs::path> file = find_file(folders, name);
    if (!file) missing.push_back(name);
    return file.value_or(fs::path());
  };
  const auto find_part = [&](const std::string& prefix) {
    const fs::path images = find(prefix + "-images-idx3-ubyte");
    return PartFiles{images, find(prefix + "-labels-idx1-ubyte")};
  };
  Files files;
  if (part != Part::train) files.test = find_part("t10k");
  if (part != Part::test) files.train = find_part("train");
  if (!missing.empty())
    fail("{}: '{}' lacks {} (plain or with .gz); `pact data get {}` downloads it", variant.set,
         given.string(), join(missing), variant.set);
  return files;
}

TrainTest load(const Variant& variant, const std::string& text, Part part) {
  const SpecOptions options = parse(variant, text);
  const Files files = require_files(variant, options, part);
  TrainTest loaded{description(variant), description(variant)};
  if (files.test) read_part(files.test->images, files.test->labels, loaded.test);
  if (files.train) read_part(files.train->images, files.train->labels, loaded.train);
  apply_array_options(options, loaded);
  return loaded;
}

void require(const Variant& variant, const std::string& text) {
  require_files(variant, parse(variant, text), Part::both);
}

Dataset describe(const Variant& variant, const std::string& text) {
  Dataset set = description(variant);
  apply_array_options(parse(variant, text), set);
  return set;
}

}  // namespace

TrainTest load_mnist(const std::string& text, Part part) { return load(kMnist, text, part); }
TrainTest load_fashion_mnist(const std::string& text, Part part) { return load(kFashion, text, part); }
void require_mnist(const std::string& text) { require(kMnist, text); }
void require_fashion_mnist(const std::string& text) { require(kFashion, text); }
Dataset describe_mnist(const std::string& text) { return describe(kMnist, text); }
Dataset describe_fashion_mnist(const std::string& text) { return describe(kFashion, text); }

}  // namespace pact::data
