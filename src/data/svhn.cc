// A file holds two arrays: X, bytes [32, 32, 3, N] (row, column, channel, image), and y, [N, 1], numbers 1
// to 10. MATLAB stores the first index fastest. libmatio reads the files, old ones and those that are HDF5
// inside.
#include "data/svhn.h"

#include <matio.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "base/error.h"
#include "base/strings.h"
#include "data/array_options.h"

namespace pact::data {
namespace {

namespace fs = std::filesystem;

constexpr ImageShape kImage = {32, 32, 3};
constexpr size_t kMaxImages = 1'000'000;

using File = std::unique_ptr<mat_t, int (*)(mat_t*)>;
using Variable = std::unique_ptr<matvar_t, void (*)(matvar_t*)>;

SpecOptions parse(const std::string& text) { return SpecOptions("svhn", text, array_options({"extra"})); }

Dataset description() {
  Dataset set;
  set.image = kImage;
  set.classes = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
  // Near the training set's means 111.6, 113.2, 120.6 and deviations 50.5, 51.3, 50.2, as for cifar10.
  set.normalization = {.mean = {112, 113, 121}, .std = {64, 64, 64}};
  return set;
}

std::string shape_of(const matvar_t& variable) {
  return fmt::format("{}", fmt::join(variable.dims, variable.dims + variable.rank, " x "));
}

// `name` of a file, its shape looked at before its numbers are read.
Variable read_variable(mat_t* file, const std::string& path, const char* name) {
  Variable variable(Mat_VarReadInfo(file, name), Mat_VarFree);
  if (!variable) fail("{}: has no array '{}', or is truncated before it; download it again", path, name);
  const bool is_images = std::string_view(name) == "X";
  const auto& v = *variable;
  const bool fits =
      v.rank > 0 && v.rank <= 4 && v.dims != nullptr && !v.isComplex &&
      (is_images ? v.rank == 4 && v.class_type == MAT_C_UINT8 && v.dims[0] == 32 && v.dims[1] == 32 &&
                       v.dims[2] == 3 && v.dims[3] > 0 && v.dims[3] <= kMaxImages
                 : v.rank == 2 && v.dims[1] == 1 && v.dims[0] > 0 && v.dims[0] <= kMaxImages);
  if (!fits)
    fail("{}: its array '{}' is {}; it should be {}", path, name,
         v.dims && v.rank > 0 && v.rank < 9 ? shape_of(v) : "nothing",
         is_images ? "bytes of 32 x 32 x 3 x N" : "numbers of N x 1");
  if (Mat_VarReadDataAll(file, variable.get()) != 0 || variable->data == nullptr)
    fail("{}: truncated or damaged in its array '{}'; download it again", path, name);
  return variable;
}

// Label i as a number; their type differs between the files.
double label_at(const matvar_t& labels, size_t i) {
  switch (labels.class_type) {
    case MAT_C_UINT8:
      return static_cast<const uint8_t*>(labels.data)[i];
    case MAT_C_DOUBLE:
      return static_cast<const double*>(labels.data)[i];
    default:
      return -1;
  }
}

// libmatio pads what a compressed array lacks with zeros and says so only to its log. The sizes of a file's
// elements tell it: each begins with its type and the bytes that follow.
void require_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const auto size = static_cast<uint64_t>(fs::file_size(path));
  char header[128] = {};
  file.read(header, sizeof header);
  if (!file || std::string_view(header, 6) != "MATLAB") fail("{}: is no MATLAB file", path);
  if (header[124] == 0 && header[125] == 2) return;  // version 7.3, HDF5, which looks after itself
  for (uint64_t at = sizeof header; at < size;) {
    uint32_t tag[2] = {};
    file.seekg(static_cast<std::streamoff>(at));
    file.read(reinterpret_cast<char*>(tag), sizeof tag);
    if (!file || tag[1] > size - at - sizeof tag)
      fail("{}: truncated: it ends after {} bytes, in the middle of an array; download it again", path, size);
    at += sizeof tag + tag[1];
  }
}

void append_file(const fs::path& path, Dataset& set) {
  const std::string name = path.string();
  require_whole(name);
  const File file(Mat_Open(name.c_str(), MAT_ACC_RDONLY), Mat_Close);
  if (!file) fail("{}: is a damaged MATLAB file", name);
  const Variable images = read_variable(file.get(), name, "X"), labels = read_variable(file.get(), name, "y");
  const size_t count = images->dims[3], first = set.count();
  if (labels->dims[0] != count) fail("{}: has {} images and {} labels", name, count, labels->dims[0]);
  if (images->nbytes != count * kImage.pixels())
    fail("{}: truncated or damaged in its array 'X'; download it again", name);
  set.labels.resize(first + count);
  set.pixels.resize((first + count) * kImage.pixels());
  const auto* pixels = static_cast<const uint8_t*>(images->data);
  for (size_t i = 0; i < count; ++i) {
    const double label = label_at(*labels, i);
    if (!(label >= 1 && label <= 10)) fail("{}: label {} is {}; labels of SVHN are 1 to 10", name, i, label);
    set.labels[first + i] = static_cast<uint16_t>(static_cast<int>(label) % 10);
    uint8_t* out = set.pixels.data() + (first + i) * kImage.pixels();
    for (size_t c = 0; c < 3; ++c)
      for (size_t x = 0; x < 32; ++x)
        for (size_t y = 0; y < 32; ++y) out[(y * 32 + x) * 3 + c] = *pixels++;
  }
}

}  // namespace

Dataset describe_svhn(const std::string& text) {
  Dataset set = description();
  apply_array_options(parse(text), set);
  return set;
}

TrainTest load_svhn(const std::string& text, Part part) {
  const SpecOptions options = parse(text);
  const fs::path& folder = options.directory();
  if (folder.empty()) fail("svhn needs a folder: svhn:DIR");
  if (!fs::is_directory(folder)) fail("svhn: there is no folder '{}'", folder.string());
  std::vector<std::string> train, test, missing;
  if (part != Part::test) train = {"train_32x32.mat"};
  if (part != Part::test && options.word("extra", {"no", "yes"}) == "yes") train.push_back("extra_32x32.mat");
  if (part != Part::train) test = {"test_32x32.mat"};
  for (const auto* files : {&train, &test})
    for (const std::string& file : *files)
      if (!fs::is_regular_file(folder / file)) missing.push_back(file);
  if (!missing.empty())
    fail("svhn: '{}' lacks {}; `pact data get svhn` downloads it", folder.string(), join(missing));
  TrainTest loaded{description(), description()};
  for (const std::string& file : train) append_file(folder / file, loaded.train);
  for (const std::string& file : test) append_file(folder / file, loaded.test);
  apply_array_options(options, loaded);
  return loaded;
}

}  // namespace pact::data
