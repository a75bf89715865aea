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

}  // namespace pact::api
