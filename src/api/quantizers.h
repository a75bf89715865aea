// What `pact quantizers` shows.
#pragma once

#include <string>
#include <vector>

namespace pact::api {

struct QuantizerRow {
  std::string name;
  std::string of;  // "weights" or "activations"
  int least_bits, most_bits;
  std::string grid;         // its kind; of activations behind a ReLU / of others
  std::string learned;      // "alpha", "step", or "" for nothing
  std::string granularity;  // of the grids that can be lowered: "tensor" or "tensor, channel"
  std::string source;
};

// All schemes, those of activations first.
std::vector<QuantizerRow> list_quantizers();

}  // namespace pact::api
