// `pact data` as functions: download a data set, look at one, count and measure it.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "data/contact_sheet.h"
#include "data/remote/remote_set.h"
#include "data/statistics.h"

namespace pact::api {

struct GetCommand {
  std::string name;                 // in configs/datasets.json
  std::string from;                 // another server, in place of the publisher's; empty: that
  std::filesystem::path directory;  // empty: data/<data set>
};

struct GetSummary {
  struct File {
    std::string name;
    data::FileState state;
    std::string checked;  // the checksum that was compared; empty: none is known
  };
  data::RemoteSet set;
  std::filesystem::path directory;
  std::vector<File> files;
  std::string spec;  // for --data
};

// Bytes of file `file` of `files`, of its total (0: not known).
using OnDownload = std::function<void(const std::string& file, int64_t have, int64_t total)>;
GetSummary get_dataset(const GetCommand& command, const OnDownload& on_download);

// The data sets that can be downloaded.
std::vector<data::RemoteSet> remote_sets();

enum class Split { train, test };
Split split_of(const std::string& name);  // throws Error (usage)

struct ShowCommand {
  std::string dataset;
  Split split = Split::train;
  std::filesystem::path output;  // a PNG file
  data::SheetOptions sheet;
};

struct ShowSummary {
  struct Shown {
    size_t index;
    std::string class_name;
    std::string path;  // empty: held in memory
  };
  data::ImageShape sheet;
  std::vector<Shown> images;  // row by row
  std::vector<std::string> notes;
};

// Writes the sheet. Throws Error.
ShowSummary show_dataset(const ShowCommand& command);

struct DatasetInfo {
  struct Part {
    std::string name;
    int64_t images = 0;
    data::Statistics statistics;
  };
  data::Dataset description;  // without images
  std::vector<Part> parts;    // train and test
};

// Reads all images of both parts. Throws Error, naming all that cannot be read.
DatasetInfo inspect_dataset(const std::string& dataset,
                            const std::function<void(int64_t, int64_t)>& on_progress);

}  // namespace pact::api
