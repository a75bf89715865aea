#include "data/folder_index.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "base/error.h"
#include "base/random.h"
#include "base/strings.h"

namespace pact::data {
namespace fs = std::filesystem;
namespace {

constexpr const char* kLayout =
    "it should hold train/CLASS/ and val/CLASS/ (or test/CLASS/), or CLASS/ folders alone, with .jpg, .jpeg, "
    ".png, "
    ".ppm or .pgm files in them";

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with("."); }

std::string ending_of(const fs::path& path) {
  std::string ending = path.extension().string();
  std::ranges::transform(ending, ending.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return ending;
}

bool is_one_of(const std::string& ending, std::initializer_list<std::string_view> endings) {
  return std::ranges::find(endings, ending) != endings.end();
}

bool is_image(const std::string& ending) {
  return is_one_of(ending, {".jpg", ".jpeg", ".png", ".ppm", ".pgm"});
}

bool is_other_picture(const std::string& ending) {
  return is_one_of(ending,
                   {".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".avif", ".jfif", ".jp2", ".jxl"});
}

std::vector<std::string> folders_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_directory() && !is_hidden(entry.path())) names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

using Unread = std::map<std::string, size_t>;

// Images below `folder`, sorted.
std::vector<fs::path> images_in(const fs::path& folder, Unread& unread) {
  std::vector<fs::path> images;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || is_hidden(entry.path())) continue;
    const std::string ending = ending_of(entry.path());
    if (is_image(ending)) images.push_back(entry.path());
    if (is_other_picture(ending)) ++unread[ending];
  }
  std::ranges::sort(images, {}, &fs::path::native);
  return images;
}

// Where the parts lie; without `test`, `train` is to be split.
struct Layout {
  fs::path train;
  std::optional<fs::path> test;
};

Layout layout_of(const std::string& set, const fs::path& directory) {
  if (directory.empty()) fail("{} needs a folder: {}:DIR", set, set);
  if (!fs::is_directory(directory)) fail("{}: there is no folder '{}'", set, directory.string());
  const fs::path train = directory / "train";
  if (!fs::is_directory(train)) return {directory, std::nullopt};
  for (const char* name : {"val", "validation", "test"})
    if (fs::is_directory(directory / name)) return {train, directory / name};
  return {train, std::nullopt};
}

std::vector<std::string> classes_in(const std::string& set, const Layout& layout) {
  std::vector<std::string> classes = folders_in(layout.train);
  if (classes.empty()) fail("{}: '{}' has no folders of classes; {}", set, layout.train.string(), kLayout);
  if (classes.size() == 1)
    fail("{}: '{}' has one class only ({}); a network tells at least two apart", set, layout.train.string(),
         classes[0]);
  if (classes.size() > 65536)
    fail("{}: '{}' has {} classes; 65536 are the most", set, layout.train.string(), classes.size());
  return classes;
}

// "a, b, c and 17 more"
std::string some_of(const std::vector<std::string>& names) {
  constexpr size_t kShown = 20;
  if (names.size() <= kShown) return join(names);
  return fmt::format("{} and {} more", join({names.begin(), names.begin() + kShown}), names.size() - kShown);
}

std::vector<ImageFile> list_part(const std::string& set, const fs::path& folder,
                                 const std::vector<std::string>& classes, Unread& unread) {
  std::vector<ImageFile> files;
  std::vector<std::string> empty;
  for (size_t label = 0; label < classes.size(); ++label) {
    const std::vector<fs::path> images = images_in(folder / classes[label], unread);
    for (const fs::path& path : images) files.push_back({path.string(), static_cast<uint16_t>(label)});
    if (images.empty()) empty.push_back(classes[label]);
  }
  if (!empty.empty())
    fail("{}: no images in these classes of '{}': {}; {}", set, folder.string(), some_of(empty), kLayout);
  return files;
}

// Test images, whose classes must be those of the training part; some of them may be absent.
std::vector<ImageFile> list_test(const std::string& set, const fs::path& folder,
                                 const std::vector<std::string>& classes, const fs::path& train,
                                 Unread& unread) {
  std::vector<std::string> present, unknown;
  std::vector<ImageFile> files;
  for (const std::string& name : folders_in(folder)) {
    const auto found = std::ranges::lower_bound(classes, name);
    if (found == classes.end() || *found != name) {
      unknown.push_back(name);
      continue;
    }
    for (const fs::path& path : images_in(folder / name, unread))
      files.push_back({path.string(), static_cast<uint16_t>(found - classes.begin())});
  }
  if (!unknown.empty())
    fail("{}: '{}' has classes that '{}' lacks: {}", set, folder.string(), train.string(), some_of(unknown));
  if (files.empty()) fail("{}: '{}' has no images in folders of classes; {}", set, folder.string(), kLayout);
  return files;
}

uint64_t hash_of(const std::string& text) {  // FNV-1a
  uint64_t hash = 0xcbf29ce484222325ull;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3ull;
  return hash;
}

// Each class by itself: images in the order of a hash of (seed, path), the first of them to the test part.
void split_files(const std::vector<ImageFile>& files, const fs::path& directory, const FolderSplit& split,
                 FolderIndex& index) {
  for (size_t begin = 0; begin < files.size();) {
    size_t end = begin;
    std::map<std::pair<uint64_t, std::string>, size_t> order;
    for (; end < files.size() && files[end].label == files[begin].label; ++end) {
      const std::string name = fs::path(files[end].path).lexically_relative(directory).generic_string();
      order.emplace(std::pair(Random(split.seed, hash_of(name)).bits(), name), end);
    }
    const size_t count = end - begin;
    const size_t wanted = static_cast<size_t>(std::lround(split.test_share * static_cast<double>(count)));
    size_t tests = count < 2 ? 0 : std::clamp<size_t>(wanted, 1, count - 1);
    std::vector<bool> is_test(count);
    for (const auto& [key, file] : order) {
      if (tests == 0) break;
      is_test[file - begin] = true;
      --tests;
    }
    for (size_t i = begin; i < end; ++i) (is_test[i - begin] ? index.test : index.train).push_back(files[i]);
    begin = end;
  }
}

}  // namespace

FolderIndex index_folder(const std::string& set, const fs::path& directory, const FolderSplit& split) {
  const Layout layout = layout_of(set, directory);
  FolderIndex index{classes_in(set, layout), {}, {}, {}};
  std::vector<ImageFile> train = list_part(set, layout.train, index.classes, index.unread);
  if (layout.test) {
    index.train = std::move(train);
    index.test = list_test(set, *layout.test, index.classes, layout.train, index.unread);
  } else {
    split_files(train, layout.train, split, index);
  }
  return index;
}

std::vector<std::string> folder_classes(const std::string& set, const fs::path& directory) {
  return classes_in(set, layout_of(set, directory));
}

std::vector<ImageFile> spread_over_classes(const std::vector<ImageFile>& files, size_t count) {
  if (count >= files.size()) return files;
  std::vector<std::pair<size_t, size_t>> turns;  // (rank in its class, index)
  std::map<uint16_t, size_t> ranks;
  for (size_t i = 0; i < files.size(); ++i) turns.emplace_back(ranks[files[i].label]++, i);
  std::ranges::sort(turns);
  turns.resize(count);
  std::ranges::sort(turns, {}, &std::pair<size_t, size_t>::second);
  std::vector<ImageFile> kept;
  for (const auto& [rank, i] : turns) kept.push_back(files[i]);
  return kept;
}

}  // namespace pact::data
