// quant: fake quantization of an activation or a weight. The values stay real and lie on a grid of `bits`
// bits; how the grid's step is found is the scheme's business, so the rule lets any word stand there. The second
// input is what the scheme learns, alpha or a step: one number, or with granularity=channel one for each channel,
// of weights for each output.
#include "base/error.h"
#include "graph/ops/require.h"
#include "quant/grid.h"
#include "quant/learned.h"

namespace pact::graph {
namespace {

TensorType infer(const RuleContext& context) {
  require_f32(context, 0, "x");
  const Shape& x = context.inputs[0].shape;
  const bool is_activation = !x.empty() && x[0] == kBatch;
  const bool is_channel =
      quant::granularity_of(context.node.word("granularity")) == quant::Granularity::channel;
  if (is_channel && x.size() < 2) fail("x is {}, it has no channels", to_string(context.inputs[0]));
  if (context.inputs.size() > 1)
    require_shape(context, 1, "its parameter", is_channel ? Shape{x[is_activation ? 1 : 0]} : Shape{});
  const quant::GridKind kind = quant::grid_kind_of(context.node.word("grid"));
  const int64_t bits = require_integer(context, "bits", quant::kMinBits, quant::kMaxBits);
  const int64_t zero = require_integer(context, "zero", 0, 255);
  quant::require_valid({.kind = kind, .bits = static_cast<int>(bits), .zero = static_cast<int>(zero)});
  return context.inputs[0];
}

}  // namespace

const OpRule& quant_rule() {
  static const OpRule rule{
      1,
      2,
      {{"scheme", {}, std::string()},
       {"bits", {}, int64_t{}},
       {"grid", {}, std::string()},
       {"zero", int64_t{0}, {}, Shown::unless_default},
       {"granularity", std::string("tensor"), {}, Shown::unless_default}},
      infer};
  return rule;
}

}  // namespace pact::graph
