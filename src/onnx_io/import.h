// Reads a network from an ONNX file. docs/onnx.md lists the operators that are understood.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace pact::onnx_io {

enum class MissingNumbers {
  refused,
  zeros,  // for what lies in files beside the model: to look at a network's layers, not at what it computes
};

struct ImportOptions {
  // What the network expects: (x / 255 - mean[c]) / std[c]. Empty: x / 255. One entry holds for all channels.
  std::vector<double> mean = {}, std = {};
  std::filesystem::path folder = {};  // with files of external data; empty: there are none
  MissingNumbers missing = MissingNumbers::refused;
  std::function<void(const std::string&)> on_note = {};  // what a person should know who has the file read
};

// The network, verified. It takes raw pixels: a `normalize` node stands in front, made from the options and
// from arithmetic with constants on the file's input, or, for files that PACT exported, from the latter
// alone; the batch is open. `origin` names the bytes in messages. Throws one Error that lists everything that
// is wrong or not understood, by node; any bytes at all are safe to give.
graph::Network import_onnx(std::string_view bytes, std::string_view origin, const ImportOptions& options);

// The same of a file, which is not kept in memory beside what is read from it. Throws Error.
graph::Network import_onnx_file(const std::filesystem::path& path, const ImportOptions& options);

}  // namespace pact::onnx_io
