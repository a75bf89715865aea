// The binary files that CIFAR-10 and CIFAR-100 (Krizhevsky 2009) share: a record is one or two label bytes
// and 3072 pixel bytes, plane by plane (all red, all green, all blue), rows from the top.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/spec_options.h"

namespace pact::data {

constexpr ImageShape kCifarImage = {32, 32, 3};

struct CifarFiles {
  std::string title;                     // "CIFAR-10"
  std::string folder;                    // what the archive unpacks to
  std::vector<std::string> train, test;  // files in it
  std::string python_file;               // which the Python version has in their place
  std::string likely_mistake;            // what a file with other labels may be
  size_t label_bytes = 1;                // the last of them is the label that counts
  size_t records = 10000;                // the most that a file holds
};

// The folder that holds the files of `part`: that of `options` or the one inside it that the archive unpacks to. Throws
// Error where one of them is missing.
std::filesystem::path require_cifar(const CifarFiles& files, const SpecOptions& options, Part part);

// Reads the images and labels of `part` into sets that are described already, from that folder, and applies the options that sets in memory share. Files may
// be shorter than the originals, by whole records, so that small samples work, too. Throws Error.
TrainTest load_cifar(const CifarFiles& files, const Dataset& description, const SpecOptions& options,
                     Part part);

}  // namespace pact::data
