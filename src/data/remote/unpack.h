// Archives of data sets, by libarchive: tar, zip and others, compressed or not.
#pragma once

#include <filesystem>
#include <string>

namespace pact::data {

// Unpacks `archive` and puts its folder `name` into `directory`. All is written beside its place first and
// renamed at the end, so that a folder of that name is whole. Of the archive's entries only files and folders
// count; a name that leads out of the folder is refused. Throws Error on a damaged archive, one without
// `name`, and a full disk.
void unpack(const std::filesystem::path& archive, const std::filesystem::path& directory,
            const std::string& name);

}  // namespace pact::data
