// What `pact inspect` and `pact zoo` show.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "passes/layer_table.h"

namespace pact::api {

struct Inspection {
  std::string name;  // of the network
  std::string text;  // its graph, text form
  passes::LayerTable table;
  std::string status;  // of the run, empty for a mere graph
};

// `what` is a run directory, a graph's text file, an ONNX file, or a network of the zoo. Throws Error.
Inspection inspect(const std::string& what);

struct ZooRow {
  std::string name, description;
  int64_t parameters, macs;
};
std::vector<ZooRow> list_zoo();

}  // namespace pact::api
