#include "data/cifar10.h"

#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "base/strings.h"

namespace pact::data {
namespace {

namespace fs = std::filesystem;

constexpr int kSide = 32;
constexpr int kChannels = 3;
constexpr size_t kPlane = size_t{kSide} * kSide;
constexpr size_t kRecord = 1 + kChannels * kPlane;
constexpr size_t kMaxRecords = 10000;
constexpr const char* kFolder = "cifar-10-batches-bin";  // what the archive unpacks to

const std::vector<std::string> kTrainFiles = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                              "data_batch_4.bin", "data_batch_5.bin"};
const std::vector<std::string> kTestFiles = {"test_batch.bin"};

std::vector<std::string> missing_in(const fs::path& folder, const std::vector<std::string>& wanted) {
  std::vector<std::string> missing;
  std::error_code ignored;  // what cannot be looked at counts as missing
  for (const std::string& file : wanted) {
    if (!fs::is_regular_file(folder / file, ignored)) missing.push_back(file);
  }
  return missing;
}

// The folder that holds all `wanted` files: `given`, or the one inside it that the archive unpacks to.
fs::path find_folder(const fs::path& given, const std::vector<std::string>& wanted) {
  std::error_code ignored;
  if (given.empty()) fail("cifar10 needs a folder: cifar10:DIR");
  if (!fs::is_directory(given, ignored)) fail("cifar10: there is no folder '{}'", given.string());
  fs::path folder = given;
  std::vector<std::string> missing = missing_in(folder, wanted);
  if (missing.size() == wanted.size() && fs::is_directory(given / kFolder, ignored)) {
    folder = given / kFolder;
    missing = missing_in(folder, wanted);
  }
  if (missing.empty()) return folder;
  const bool other_version =
      fs::exists(folder / "data_batch_1", ignored) || fs::exists(folder / "cifar-10-batches-py", ignored);
  fail(
      "cifar10: '{}' lacks {}. It should contain data_batch_1.bin to data_batch_5.bin and test_batch.bin of "
      "the "
      "binary version of CIFAR-10, or a folder {} that does{}",
      folder.string(), join(missing), kFolder,
      other_version ? "; what is there looks like the Python version" : "");
}

void append_records(const fs::path& path, Dataset& set) {
  const std::string bytes = read_file(path);
  if (bytes.size() > kMaxRecords * kRecord) {
    fail("{}: {} bytes are too many; a batch of CIFAR-10 holds at most {} records of {} bytes ({} bytes)",
         path.string(), bytes.size(), kMaxRecords, kRecord, kMaxRecords * kRecord);
  }
  if (bytes.empty() || bytes.size() % kRecord != 0) {
    fail(
        "{}: truncated: {} bytes are no whole number of records of {} bytes (a full batch has {} bytes); "
        "unpack the archive again",
        path.string(), bytes.size(), kRecord, kMaxRecords * kRecord);
  }
  const size_t records = bytes.size() / kRecord;
  const size_t first = set.count();
  set.labels.resize(first + records);
  set.pixels.resize((first + records) * set.image.pixels());
  for (size_t r = 0; r < records; ++r) {
    const auto* record = reinterpret_cast<const uint8_t*>(bytes.data()) + r * kRecord;
    if (record[0] >= set.classes.size()) {
      fail("{}: record {} has label {}; labels of CIFAR-10 are 0 to {}. Is this another file, or CIFAR-100?",
           path.string(), r, record[0], set.classes.size() - 1);
    }
    set.labels[first + r] = record[0];
    const uint8_t* planes = record + 1;
    uint8_t* out = set.pixels.data() + (first + r) * set.image.pixels();
    for (size_t p = 0; p < kPlane; ++p) {
      for (size_t c = 0; c < kChannels; ++c) out[p * kChannels + c] = planes[c * kPlane + p];
    }
  }
}

}  // namespace

Dataset describe_cifar10() {
  Dataset set;
  set.image = {kSide, kSide, kChannels};
  set.classes = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
  // The means of the training set, rounded, and one std near the measured 63, 62, 67. Whole means and a power
  // of two on purpose: (pixel - mean) / std is then exact in binary floating point, a first layer on bytes
  // has an exact integer form, and a zero padded on after normalization is exactly the pixel code `mean`.
  set.normalization = {.mean = {125, 123, 114}, .std = {64, 64, 64}};
  return set;
}

TrainTest load_cifar10(const std::string& directory, Part part) {
  std::vector<std::string> wanted;
  if (part != Part::test) wanted = kTrainFiles;
  if (part != Part::train) wanted.insert(wanted.end(), kTestFiles.begin(), kTestFiles.end());
  const fs::path folder = find_folder(directory, wanted);

  TrainTest loaded{describe_cifar10(), describe_cifar10()};
  for (const std::string& file : wanted) {
    append_records(folder / file, file == kTestFiles[0] ? loaded.test : loaded.train);
  }
  return loaded;
}

}  // namespace pact::data
