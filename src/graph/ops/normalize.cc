// normalize: (x - mean[c]) / std[c] on channel c of raw pixels, so that a trained graph takes what a camera
// gives.
#include <algorithm>

#include "base/error.h"
#include "graph/ops/require.h"

namespace pact::graph {
namespace {

TensorType infer(const RuleContext& context) {
  const Shape& x = require_f32(context, 0, "x");
  if (x.size() < 2) fail("x is {}, it must have a channel axis", to_string(x));
  for (const char* key : {"mean", "std"}) {
    const size_t length = context.node.reals(key).size();
    if (length != static_cast<size_t>(x[1])) {
      fail("{} has {} entries for {} channels", key, length, x[1]);
    }
  }
  if (std::ranges::any_of(context.node.reals("std"), [](double real) { return real <= 0.0; })) {
    fail("std={} must be positive", to_string(context.node.attributes.at("std")));
  }
  return context.inputs[0];
}

}  // namespace

const OpRule& normalize_rule() {
  static const OpRule rule{
      1, 1, {{"mean", {}, std::vector<double>()}, {"std", {}, std::vector<double>()}}, infer};
  return rule;
}

}  // namespace pact::graph
