// A sweep file: the table of runs that a question asks for, as JSON. docs/sweep.md states the form.
//
//   groups of runs, each the product of its axes       expand.h
//   runs that start from, or learn from, others        order.h
//   finished runs from elsewhere, for their results
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace pact::api {

// What runs have in common, or one has of its own.
struct RunParts {
  std::string network, dataset;
  std::vector<double> mean, std;  // of an ONNX network's input
  std::vector<std::string> recipes;
  std::map<std::string, std::string> settings;  // over the recipes, as text
};

struct SweepRow {
  std::string name;
  RunParts parts;  // of one made elsewhere: the data to evaluate on, if any
  std::vector<std::pair<std::string, std::string>> axes;  // name and label, in the order of the file
  std::filesystem::path existing;                         // a run made elsewhere; empty: one to be made
  // `init` and `teacher`, as far as they name another row.
  std::map<std::string, std::string> references;
};

struct Sweep {
  std::string name, description;
  std::vector<SweepRow> rows;  // each behind those that it refers to
};

// What the command line says for all rows to be made, over what the file says.
struct SweepChanges {
  std::string dataset;  // empty: none
  std::map<std::string, std::string> settings;
};

// Throws one Error that lists everything that is
// wrong with keys, values, names and references; nothing has been trained then.
Sweep read_sweep(const std::filesystem::path& file, const SweepChanges& changes);

}  // namespace pact::api
