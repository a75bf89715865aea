#include "data/folder.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/error.h"
#include "base/strings.h"
#include "base/words.h"
#include "data/crop.h"
#include "data/damaged_files.h"
#include "data/folder_index.h"
#include "data/image_source.h"
#include "data/spec_options.h"
#include "data/wordnet_names.h"

namespace pact::data {
namespace fs = std::filesystem;
namespace {

const std::vector<std::string> kOptions = {"size",  "resize", "crop",  "scale", "channels",
                                           "train", "test",   "split", "seed",  "damaged"};
constexpr long long kMaxImages = 1LL << 31;

struct Crops {
  double resize = 256;  // of the short side, before the crop of evaluation
  bool is_resized = true;
  double min_share = 0.08;
};

class FolderImages : public ImageSource {
 public:
  FolderImages(std::vector<ImageFile> files, const ImageShape& shape, const Crops& crops)
      : files_(std::move(files)), shape_(shape), crops_(crops) {}

  // Whether to mirror is drawn first, so that a flip does not change the crop.
  void read(size_t index, const Augmentation& how, Random& random, std::span<uint8_t> out) const override {
    const bool heads = random.below(2) == 1;
    const Mirror mirror = heads && how.flip == Flip::random ? Mirror::yes : Mirror::no;
    const auto choose = [&](int height, int width) {
      if (how.pad == 0) return centre_crop(height, width, shape_.height, crops_.resize);
      if (crops_.is_resized) return random_resized_crop(height, width, crops_.min_share, random);
      return random_crop(height, width, shape_.height, crops_.resize, random);
    };
    read_region(files_[index].path, choose, shape_, mirror, out);
  }

  std::string path_of(size_t index) const override { return files_[index].path; }

 private:
  std::vector<ImageFile> files_;
  ImageShape shape_;
  Crops crops_;
};

// The files of one part that are wanted, looked through for damage.
struct CheckedFiles {
  std::vector<ImageFile> files;
  std::vector<DamagedFile> damaged;
};

bool skips_damaged(const SpecOptions& options) {
  return options.word("damaged", {"refuse", "skip"}) == "skip";
}

CheckedFiles check_part(const std::vector<ImageFile>& all, const SpecOptions& options, const char* limit) {
  const auto most = static_cast<size_t>(options.integer(limit, kMaxImages, 1, kMaxImages));
  CheckedFiles part{spread_over_classes(all, most), {}};
  part.damaged =
      find_damaged(part.files, skips_damaged(options) ? Thoroughness::pixels : Thoroughness::header);
  return part;
}

// Those of all parts at once, so that one look mends the set.
void refuse_damaged(const SpecOptions& options, const std::vector<const CheckedFiles*>& parts) {
  std::vector<DamagedFile> damaged;
  size_t images = 0;
  for (const CheckedFiles* part : parts) {
    damaged.insert(damaged.end(), part->damaged.begin(), part->damaged.end());
    images += part->files.size();
  }
  if (!damaged.empty())
    fail("{}: {} of {} cannot be read; mend or remove them, or leave them out with damaged=skip:{}",
         options.set(), damaged.size(), counted(static_cast<long long>(images), "image"), list_of(damaged));
}

// One part of the set, ready to be read.
Dataset make_part(const Dataset& description, CheckedFiles part, const SpecOptions& options,
                  const Crops& crops) {
  auto& [files, damaged] = part;
  Dataset set = description;
  if (!damaged.empty()) {
    set.notes.push_back(fmt::format("{}: {} of {} {} damaged and left out:{}", options.set(), damaged.size(),
                                    counted(std::ssize(files), "image"), damaged.size() == 1 ? "is" : "are",
                                    list_of(damaged)));
    for (auto file = damaged.rbegin(); file != damaged.rend(); ++file)
      files.erase(files.begin() + static_cast<ptrdiff_t>(file->index));
    if (files.empty()) fail("{}: no image can be read:{}", options.set(), list_of(damaged));
  }
  for (const ImageFile& file : files) set.labels.push_back(file.label);
  set.source = std::make_shared<FolderImages>(std::move(files), set.image, crops);
  return set;
}

// The set without images or classes.
Dataset describe(const SpecOptions& options) {
  Dataset set;
  const int size = static_cast<int>(options.integer("size", 224, 8, 4096));
  const int channels = options.word("channels", {"3", "1"}) == "1" ? 1 : 3;
  set.image = {size, size, channels};
  // Near ImageNet's means 123.7, 116.3, 103.5 and deviations 58.4, 57.1, 57.4; whole and a power of two as
  // for cifar10.
  set.normalization = {.mean = {124, 116, 104}, .std = {64, 64, 64}};
  if (channels == 1) set.normalization = {.mean = {117}, .std = {64}};
  return set;
}

std::string note_of_unread(const SpecOptions& options, const std::map<std::string, size_t>& unread) {
  std::vector<std::string> kinds;
  for (const auto& [ending, count] : unread) kinds.push_back(fmt::format("{} {}", count, ending));
  return fmt::format(
      "{}: of these pictures none is read, and the counts are without them: {}; JPEG, PNG and PPM files are",
      options.set(), join(kinds));
}

TrainTest load(const SpecOptions& options, const fs::path& directory, Part part) {
  Dataset description = describe(options);
  const Crops crops{
      static_cast<double>(options.integer("resize", std::lround(description.image.height * 256.0 / 224.0),
                                          description.image.height, 8192)),
      options.word("crop", {"resized", "random"}) == "resized", options.real("scale", 0.08, 1e-4, 1.0)};
  const FolderIndex index = index_folder(options.set(), directory,
                                         {options.real("split", 0.2, 0.0, 1.0),
                                          static_cast<uint64_t>(options.integer("seed", 1, 0, 1LL << 62))});
  description.classes = wordnet_names(index.classes, directory);
  TrainTest loaded{description, description};
  CheckedFiles train, test;
  if (part != Part::test) train = check_part(index.train, options, "train");
  if (part != Part::train) test = check_part(index.test, options, "test");
  if (!skips_damaged(options)) refuse_damaged(options, {&train, &test});
  if (part != Part::test) loaded.train = make_part(description, std::move(train), options, crops);
  if (part != Part::train) loaded.test = make_part(description, std::move(test), options, crops);
  if (!index.unread.empty())
    (part == Part::test ? loaded.test : loaded.train).notes.push_back(note_of_unread(options, index.unread));
  return loaded;
}

// `given`, or one of the folders inside it that the archives of a set unpack to.
fs::path unpacked(const fs::path& given, const std::vector<std::string>& names) {
  if (given.empty() || fs::is_directory(given / "train")) return given;
  for (const std::string& name : names)
    if (fs::is_directory(given / name / "train")) return given / name;
  return given;
}

struct Source {
  SpecOptions options;
  fs::path directory;
};

Source imagenette(const std::string& text) {
  SpecOptions options("imagenette", text, kOptions);
  return {options, unpacked(options.directory(), {"imagenette2", "imagenette2-320", "imagenette2-160"})};
}

Source imagenet(const std::string& text) {
  SpecOptions options("imagenet", text, kOptions);
  return {options, unpacked(options.directory(), {"ILSVRC/Data/CLS-LOC"})};
}

Dataset describe(const Source& source) {
  Dataset set = describe(source.options);
  set.classes = wordnet_names(folder_classes(source.options.set(), source.directory), source.directory);
  return set;
}

}  // namespace

TrainTest load_folder(const std::string& text, Part part) {
  const SpecOptions options("folder", text, kOptions);
  return load(options, options.directory(), part);
}

TrainTest load_imagenette(const std::string& text, Part part) {
  const Source source = imagenette(text);
  return load(source.options, source.directory, part);
}

TrainTest load_imagenet(const std::string& text, Part part) {
  const Source source = imagenet(text);
  return load(source.options, source.directory, part);
}

Dataset describe_folder(const std::string& text) {
  const SpecOptions options("folder", text, kOptions);
  return describe(Source{options, options.directory()});
}
Dataset describe_imagenette(const std::string& text) { return describe(imagenette(text)); }
Dataset describe_imagenet(const std::string& text) { return describe(imagenet(text)); }

}  // namespace pact::data
