// Reads a network from an ONNX file. docs/onnx.md lists the operators that are understood.
#pragma once

#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace pact::onnx_io {

struct ImportOptions {
  // What the network expects: (x / 255 - mean[c]) / std[c]. Empty: x / 255. One entry holds for all channels.
  std::vector<double> mean, std;
};

// The network, verified. It takes raw pixels: a `normalize` node stands in front, made from the options, or,
// for files that PACT exported, from the file; the batch is open. `origin` names the bytes in messages.
// Throws one Error that lists everything that is wrong or not understood, by node; any bytes at all are safe
// to give.
graph::Network import_onnx(std::string_view bytes, std::string_view origin, const ImportOptions& options);

}  // namespace pact::onnx_io
