// What a run directory tells about a run: run.json, metrics.jsonl and report.json, as far as they are there.
// A run may be going on, have been killed in the middle of a line, or have been resumed after losing some
// epochs.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "report/fields.h"

namespace pact::report {

struct RunFiles {
  Json run = Json::object();       // run.json
  Json metrics = Json::array();    // metrics.jsonl, one object per epoch, epochs ascending
  Json report = Json::object();    // report.json
  std::vector<std::string> notes;  // sentences for the reader on what is missing or was left out
};

// Reads the three files. Throws Error when the directory holds none of them, when one is malformed other than
// by being cut off at its end, or when a field has the wrong type.
RunFiles read_run(const std::filesystem::path& directory);

// How people call a network: by its name in the zoo, or by that of its ONNX file, without folder and ending.
std::string network_name(const std::string& network);

// Short names that tell the directories apart: the last part of each path, and more of it where that is not
// enough.
std::vector<std::string> run_labels(const std::vector<std::filesystem::path>& directories);

}  // namespace pact::report
