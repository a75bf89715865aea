// quant: a real number becomes the value of its code, value_of(code_of(x)), on a grid that depends on what
// is quantized:
//   weight (a parameter)   the grids that its scheme chooses, quant/weights.h
//   activation             the grids that its scheme makes of input 1, quant/activations.h
// With granularity=channel there is one grid for each channel, of weights for each output.
#include "base/error.h"
#include "graph/grids.h"
#include "quant/activations.h"
#include "quant/weights.h"
#include "reference/ops/channels.h"
#include "reference/ops/ops.h"

namespace pact::reference {

using graph::Tensor;

namespace {

bool is_per_channel(const Application& application) {
  return quant::granularity_of(application.node.word("granularity")) == quant::Granularity::channel;
}

// What the quantizer learns; empty where its scheme learns nothing.
std::span<const float> learned_of(const Application& application, quant::Learned learned) {
  if (learned == quant::Learned::nothing) return {};
  if (application.inputs.size() < 2)
    fail("the scheme {} needs its {} as second input", application.node.word("scheme"), name_of(learned));
  return application.inputs[1]->as<float>();
}

Tensor quantize_weight(const Application& application, quant::GridKind kind, int bits) {
  const quant::WeightScheme scheme = quant::weight_scheme_of(application.node.word("scheme"));
  if (quant::grid_kind_of(scheme) != kind)
    fail("the scheme {} has an {} grid, not an {} one", name_of(scheme), name_of(grid_kind_of(scheme)),
         name_of(kind));
  const auto weights = application.inputs[0]->as<float>();
  const size_t channels = is_per_channel(application) ? static_cast<size_t>(application.type.shape[0]) : 1;
  const std::vector<quant::WeightGrid> grids =
      choose_weight_grids(scheme, bits, weights, channels, learned_of(application, entry_of(scheme).learned));
  std::vector<int16_t> codes(weights.size());
  quantize_weights(grids, weights, codes);
  std::vector<float> values;
  for (size_t i = 0; i < codes.size(); ++i)
    values.push_back(grids[i / (codes.size() / channels)].grid.value_of(codes[i]));
  return Tensor::of(application.type.shape, values);
}

}  // namespace

Tensor quant(const Application& application) {
  const quant::Grid form = graph::form_of(application.node);
  if (application.graph.value(application.node.inputs[0]).kind == graph::ValueKind::parameter)
    return quantize_weight(application, form.kind, form.bits);

  const quant::ActivationSchemeEntry& scheme = quant::activation_scheme_of(application.node.word("scheme"));
  const std::span<const float> learned = learned_of(application, scheme.learned);
  std::vector<quant::Grid> grids;
  for (const float number : learned) grids.push_back(activation_grid(scheme.scheme, form, number));
  if (grids.empty()) grids.push_back(activation_grid(scheme.scheme, form, 1.0f));
  const Channels channels(application.type.shape);
  const auto x = application.inputs[0]->as<float>();
  std::vector<float> values;
  for (size_t i = 0; i < x.size(); ++i) {
    const quant::Grid& grid = grids.size() == 1 ? grids[0] : grids[channels.of(i)];
    values.push_back(grid.value_of(grid.code_of(x[i])));
  }
  return Tensor::of(application.type.shape, values);
}

}  // namespace pact::reference
