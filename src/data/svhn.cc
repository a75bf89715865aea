// A file holds two arrays: X, bytes [32, 32, 3, N] (row, column, channel, image), and y, [N, 1], numbers 1
// to 10. MATLAB stores the first index fastest.
#include "data/svhn.h"

#include <filesystem>

#include "base/error.h"
#include "base/strings.h"
#include "data/array_options.h"
#include "data/mat_file.h"

namespace pact::data {
namespace {

namespace fs = std::filesystem;

constexpr ImageShape kImage = {32, 32, 3};
constexpr size_t kMaxImages = 1'000'000;

SpecOptions parse(const std::string& text) { return SpecOptions("svhn", text, array_options({"extra"})); }

Dataset description() {
  Dataset set;
  set.image = kImage;
  set.classes = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
  // Near the training set's means 111.6, 113.2, 120.6 and deviations 50.5, 51.3, 50.2, as for cifar10.
  set.normalization = {.mean = {112, 113, 121}, .std = {64, 64, 64}};
  return set;
}

// Looked at before the numbers are read.
bool is_wanted(const std::string& path, const MatArray& array) {
  const std::vector<size_t>& shape = array.shape;
  const bool is_images = array.name == "X";
  if (!is_images && array.name != "y") return false;
  const bool fits = is_images ? shape.size() == 4 && shape[0] == 32 && shape[1] == 32 && shape[2] == 3
                              : shape.size() == 2 && shape[1] == 1;
  if (!fits || (is_images ? shape[3] : shape[0]) > kMaxImages)
    fail("{}: its array '{}' is {}; it should be {}", path, array.name, fmt::join(shape, " x "),
         is_images ? "bytes of 32 x 32 x 3 x N" : "numbers of N x 1");
  return true;
}

void append_file(const fs::path& path, Dataset& set) {
  const std::string name = path.string();
  const std::vector<MatArray> arrays =
      read_mat(path, [&](const MatArray& array) { return is_wanted(name, array); });
  const auto find = [&](const char* wanted) -> const MatArray& {
    for (const MatArray& array : arrays)
      if (array.name == wanted) return array;
    fail("{}: has no array '{}', or is truncated before it; download it again", name, wanted);
  };
  const MatArray &images = find("X"), &labels = find("y");
  const size_t count = images.shape[3], first = set.count();
  if (labels.shape[0] != count) fail("{}: has {} images and {} labels", name, count, labels.shape[0]);
  if (images.type != kMatBytes) fail("{}: its array 'X' should hold bytes", name);
  set.labels.resize(first + count);
  set.pixels.resize((first + count) * kImage.pixels());
  const uint8_t* pixels = images.bytes.data();
  for (size_t i = 0; i < count; ++i) {
    const double label = labels.at(i);
    if (!(label >= 1 && label <= 10)) fail("{}: label {} is {}; labels of SVHN are 1 to 10", name, i, label);
    set.labels[first + i] = static_cast<uint16_t>(static_cast<int>(label) % 10);
    uint8_t* out = set.pixels.data() + (first + i) * kImage.pixels();
    for (size_t c = 0; c < 3; ++c)
      for (size_t x = 0; x < 32; ++x)
        for (size_t y = 0; y < 32; ++y) out[(y * 32 + x) * 3 + c] = *pixels++;
  }
}

struct Files {
  std::vector<fs::path> train, test;
};

// Those of `part`, which are all there.
Files require_files(const SpecOptions& options, Part part) {
  const fs::path& folder = options.directory();
  if (folder.empty()) fail("svhn needs a folder: svhn:DIR");
  if (!fs::is_directory(folder)) fail("svhn: there is no folder '{}'", folder.string());
  Files files;
  if (part != Part::test) files.train = {folder / "train_32x32.mat"};
  if (part != Part::test && options.word("extra", {"no", "yes"}) == "yes")
    files.train.push_back(folder / "extra_32x32.mat");
  if (part != Part::train) files.test = {folder / "test_32x32.mat"};
  std::vector<std::string> missing;
  for (const auto* list : {&files.train, &files.test})
    for (const fs::path& file : *list)
      if (!fs::is_regular_file(file)) missing.push_back(file.filename().string());
  if (!missing.empty())
    fail("svhn: '{}' lacks {}; `pact data get svhn` downloads it", folder.string(), join(missing));
  return files;
}

}  // namespace

Dataset describe_svhn(const std::string& text) {
  Dataset set = description();
  apply_array_options(parse(text), set);
  return set;
}

void require_svhn(const std::string& text) { require_files(parse(text), Part::both); }

TrainTest load_svhn(const std::string& text, Part part) {
  const SpecOptions options = parse(text);
  const Files files = require_files(options, part);
  TrainTest loaded{description(), description()};
  for (const fs::path& file : files.train) append_file(file, loaded.train);
  for (const fs::path& file : files.test) append_file(file, loaded.test);
  apply_array_options(options, loaded);
  return loaded;
}

}  // namespace pact::data
