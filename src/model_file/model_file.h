// An integer network as one file for deployment, read without protobuf and without libtorch. It is a
// safetensors file whose metadata hold the graph's text; weight codes are packed at their true bits.
// docs/library.md states the form.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace pact::model_file {

struct Model {
  graph::Network network;            // in integer form, as passes::lower gives it
  std::vector<std::string> classes;  // names of the scores; empty where they are not known
};

// Throws Error when a network cannot be deployed: it has quant nodes, another than one input (u8 or f32) and
// one output (f32) with open batches, or names of classes that do not fit the output or hold line breaks.
std::string serialize(const Model& model);

// Throws Error, naming `origin`, on anything damaged, foreign, or written by a later version. Any bytes are
// safe to give; what is read takes at most about eight times their size in memory.
Model parse(std::string_view bytes, std::string_view origin);

// What the `crc32` in the metadata of such a file must be.
std::string checksum_of(const graph::TensorFile& file);

// By its name, *.pact.
bool is_model_file(const std::filesystem::path& path);
Model read(const std::filesystem::path& path);

}  // namespace pact::model_file
