// What `pact inspect` and `pact zoo` show.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "passes/layer_table.h"
#include "passes/lower/lower.h"

namespace pact::api {

struct Inspection {
  std::string name;  // of the network
  std::string text;  // its graph, text form
  passes::LayerTable table;
  std::string status;  // of the run, empty for a mere graph
  std::vector<std::string> notes;  // what a person should know of the file
};

// `what` is a run directory, a graph's text file, an ONNX file, or a network of the zoo. Throws Error.
// With `lowering` the text is that of the integer network, and `what` a model, with numbers.
Inspection inspect(const std::string& what, const std::optional<passes::LowerOptions>& lowering = {});

struct ZooRow {
  std::string name, description;
  int64_t parameters, macs;
};
std::vector<ZooRow> list_zoo();

}  // namespace pact::api
