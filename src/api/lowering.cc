#include "api/lowering.h"

#include "base/error.h"
#include "base/strings.h"
#include "graph/layers.h"

namespace pact::api {

using passes::Requantization;

std::optional<passes::LowerOptions> lowering_of(const std::string& requantization, int stream_bits) {
  passes::LowerOptions options;
  if (requantization == "fixed")
    options.requantization = Requantization::fixed;
  else if (!requantization.empty() && requantization != "real")
    fail(ErrorKind::usage, "{}", unknown_name("requantization", requantization, {"real", "fixed"}));
  if (stream_bits != 0) {
    if (options.requantization != Requantization::fixed)
      fail(ErrorKind::usage, "--stream-bits goes with --requantize fixed");
    options.stream_bits = stream_bits;
  }
  if (requantization.empty()) return std::nullopt;
  return options;
}

std::string float_layers_note(const graph::Graph& lowered) {
  size_t layers = 0, real = 0;
  for (const graph::Node& node : lowered.nodes()) {
    layers += is_real_layer(node) || is_integer_layer(node);
    real += is_real_layer(node);
  }
  if (real == 0) return "";
  return fmt::format(
      "{}: {} of {} layers are not quantized; the integer network has them in float32, which is slow",
      lowered.name(), real, layers);
}

}  // namespace pact::api
