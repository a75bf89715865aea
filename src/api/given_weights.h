// Numbers for a network of the zoo from a plain .safetensors file: tensors under the names of the network's
// own, as torchvision's state_dicts have them for resnet18, resnet50 and mobilenetv2.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace pact::api {

// Is it a .safetensors file that no graph lies beside, so that it is no checkpoint of a run?
bool is_plain_weights(const std::filesystem::path& path);

// Its tensors but those that count batches (`*.num_batches_tracked`). Throws Error.
graph::Tensors read_plain_weights(const std::filesystem::path& path);

// Puts a tensor of `from` under every name of `network`. Clipping levels that either side lacks do not
// matter: ours stay. Throws one Error that lists what is missing, what is unexpected and what has another
// type or shape.
void adopt(graph::Network& network, const graph::Tensors& from, const std::string& origin);

// What the pixels of a network are, on the scale 0 to 1; empty: what the network says itself.
struct PixelScale {
  std::vector<double> mean, std;
  bool is_given() const { return !mean.empty() || !std.empty(); }
};

// The network `zoo_name` with the tensors of `path`, as many classes as they have, in the image size that the
// network usually has. Given a scale, its pixels become integers by passes/integer_pixels. Throws Error.
graph::Network load_given_weights(const std::string& zoo_name, const std::filesystem::path& path,
                                  const PixelScale& scale);

// `network`, built by the zoo, takes pixels on that scale from here on: one number for each channel, or one
// for all. Throws Error.
graph::Network with_pixel_scale(const graph::Network& network, const PixelScale& scale);

}  // namespace pact::api
