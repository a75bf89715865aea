// Data sets that can be downloaded, as configs/datasets.json describes them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/remote/download.h"

namespace pact::data {

struct RemoteFile {
  std::string name;
  std::string algorithm, digest;  // of the checksum; empty where none is known
  int64_t bytes = 0;              // 0: not known
  std::string unpacks_to;         // the folder that an archive holds; empty: no archive
};

struct RemoteSet {
  std::string name;  // as `pact data get` knows it
  std::string title;
  std::string set;     // the data set that reads it, "cifar10"
  std::string base;    // URL that the names of files are put behind
  std::string source;  // who publishes it
  std::string terms;   // licence, as far as its author states one
  std::vector<RemoteFile> files;
};

// All sets in the text of such a file; `origin` names it in messages. Throws Error.
std::vector<RemoteSet> parse_remote_sets(const std::string& text, const std::string& origin);

enum class FileState { present, downloaded };

// Makes sure that `file` lies, whole, in `directory`, from `base`; archives are unpacked beside it. A file
// that is there already is checked and kept. Throws Error: on what download() and unpack() throw on, and on a
// checksum that differs (what was downloaded is then removed; a file that was there before stays).
FileState get_file(const RemoteFile& file, const std::string& base, const std::filesystem::path& directory,
                   const OnBytes& on_bytes);

}  // namespace pact::data
