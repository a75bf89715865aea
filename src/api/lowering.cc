#include "api/lowering.h"

#include "base/error.h"
#include "base/strings.h"

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
  using graph::Op;
  size_t layers = 0, real = 0;
  for (const graph::Node& node : lowered.nodes()) {
    const bool is_real = node.op == Op::conv2d || node.op == Op::linear;
    layers += is_real || node.op == Op::integer_conv2d || node.op == Op::integer_linear;
    real += is_real;
  }
  if (real == 0) return "";
  return fmt::format(
      "{}: {} of {} layers are not quantized; the integer network has them in float32, which is slow",
      lowered.name(), real, layers);
}

}  // namespace pact::api
