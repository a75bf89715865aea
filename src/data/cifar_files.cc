#include "data/cifar_files.h"

#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "base/strings.h"
#include "data/array_options.h"

namespace pact::data {
namespace {

namespace fs = std::filesystem;

constexpr size_t kPlane = static_cast<size_t>(kCifarImage.height) * kCifarImage.width;
constexpr size_t kChannels = kCifarImage.channels;

std::vector<std::string> missing_in(const fs::path& folder, const std::vector<std::string>& wanted) {
  std::vector<std::string> missing;
  std::error_code ignored;  // what cannot be looked at counts as missing
  for (const std::string& file : wanted) {
    if (!fs::is_regular_file(folder / file, ignored)) missing.push_back(file);
  }
  return missing;
}

std::string names_of(const std::vector<std::string>& files) {
  return files.size() > 2 ? files.front() + " to " + files.back() : join(files, " and ");
}

// The folder that holds all `wanted` files: the one given, or the one inside it that the archive unpacks to.
fs::path find_folder(const CifarFiles& files, const SpecOptions& options,
                     const std::vector<std::string>& wanted) {
  std::error_code ignored;
  const fs::path& given = options.directory();
  const std::string& set = options.set();
  if (given.empty()) fail("{} needs a folder: {}:DIR", set, set);
  if (!fs::is_directory(given, ignored)) fail("{}: there is no folder '{}'", set, given.string());
  fs::path folder = given;
  std::vector<std::string> missing = missing_in(folder, wanted);
  if (missing.size() == wanted.size() && fs::is_directory(given / files.folder, ignored)) {
    folder = given / files.folder;
    missing = missing_in(folder, wanted);
  }
  if (missing.empty()) return folder;
  const bool other_version = fs::exists(folder / files.python_file, ignored);
  fail(
      "{}: '{}' lacks {}. It should contain {} and {} of the binary version of {}, or a folder {} that "
      "does{}; "
      "`pact data get {}` downloads it",
      set, folder.string(), join(missing), names_of(files.train), names_of(files.test), files.title,
      files.folder, other_version ? "; what is there looks like the Python version" : "", set);
}

void append_records(const CifarFiles& files, const fs::path& path, Dataset& set) {
  const size_t record_bytes = files.label_bytes + kChannels * kPlane;
  const std::string bytes = read_file(path);
  if (bytes.size() > files.records * record_bytes) {
    fail("{}: {} bytes are too many; it holds at most {} records of {} bytes ({} bytes)", path.string(),
         bytes.size(), files.records, record_bytes, files.records * record_bytes);
  }
  if (bytes.empty() || bytes.size() % record_bytes != 0) {
    fail(
        "{}: truncated: {} bytes are no whole number of records of {} bytes (the full file has {} bytes); "
        "unpack the archive again",
        path.string(), bytes.size(), record_bytes, files.records * record_bytes);
  }
  const size_t records = bytes.size() / record_bytes;
  const size_t first = set.count();
  set.labels.resize(first + records);
  set.pixels.resize((first + records) * set.image.pixels());
  for (size_t r = 0; r < records; ++r) {
    const auto* record = reinterpret_cast<const uint8_t*>(bytes.data()) + r * record_bytes;
    const uint8_t label = record[files.label_bytes - 1];
    if (label >= set.classes.size()) {
      fail("{}: record {} has label {}; labels of {} are 0 to {}. Is this another file, or {}?",
           path.string(), r, label, files.title, set.classes.size() - 1, files.likely_mistake);
    }
    set.labels[first + r] = label;
    const uint8_t* planes = record + files.label_bytes;
    uint8_t* out = set.pixels.data() + (first + r) * set.image.pixels();
    for (size_t p = 0; p < kPlane; ++p) {
      for (size_t c = 0; c < kChannels; ++c) out[p * kChannels + c] = planes[c * kPlane + p];
    }
  }
}

}  // namespace

fs::path require_cifar(const CifarFiles& files, const SpecOptions& options, Part part) {
  std::vector<std::string> wanted;
  if (part != Part::test) wanted = files.train;
  if (part != Part::train) wanted.insert(wanted.end(), files.test.begin(), files.test.end());
  return find_folder(files, options, wanted);
}

TrainTest load_cifar(const CifarFiles& files, const Dataset& description, const SpecOptions& options,
                     Part part) {
  const fs::path folder = require_cifar(files, options, part);
  TrainTest loaded{description, description};
  if (part != Part::test)
    for (const std::string& file : files.train) append_records(files, folder / file, loaded.train);
  if (part != Part::train)
    for (const std::string& file : files.test) append_records(files, folder / file, loaded.test);
  apply_array_options(options, loaded);
  return loaded;
}

}  // namespace pact::data
