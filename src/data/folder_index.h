// What a folder of images holds: DIR/train/CLASS/* beside DIR/val/CLASS/* (or test), or DIR/CLASS/* alone,
// which is then split. Files are ordered by class and path, so that the same folder is the same data set on
// every machine.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace pact::data {

struct ImageFile {
  std::string path;  // a million paths of std::filesystem would take a gigabyte
  uint16_t label = 0;
};

struct FolderIndex {
  std::vector<std::string> classes;  // names of the class folders, sorted by bytes
  std::vector<ImageFile> train, test;
  // Pictures beside them of kinds that are not read: how many, by ending.
  std::map<std::string, size_t> unread;
};

// Of a folder that is not split: this share of each class (rounded, at least one image of a class of two or
// more) is the test part, chosen by `seed` and the paths within DIR alone.
struct FolderSplit {
  double test_share = 0.2;
  uint64_t seed = 1;
};

// Lists `directory`. Throws Error on a missing folder, classes without images, a class that is in the test
// part only, fewer than two classes, and a folder without classes. `set` is its data set's name, for
// messages.
FolderIndex index_folder(const std::string& set, const std::filesystem::path& directory,
                         const FolderSplit& split);

// The names of the classes alone, without listing images.
std::vector<std::string> folder_classes(const std::string& set, const std::filesystem::path& directory);

// At most `count` of `files`, in turns from every class, still in their order.
std::vector<ImageFile> spread_over_classes(const std::vector<ImageFile>& files, size_t count);

}  // namespace pact::data
