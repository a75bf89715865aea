// Finding damaged images before training does.
#pragma once

#include <string>
#include <vector>

#include "data/folder_index.h"
#include "data/image_file.h"

namespace pact::data {

// What each damaged file's error says, in the order of `files`, and their indices. Uses every core.
struct DamagedFile {
  size_t index = 0;
  std::string message;
};
std::vector<DamagedFile> find_damaged(const std::vector<ImageFile>& files, Thoroughness how);

// The messages, a line each, the first twenty of them and how many more there are.
std::string list_of(const std::vector<DamagedFile>& damaged);

}  // namespace pact::data
