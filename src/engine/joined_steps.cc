// The steps of a group of layers: one, where what is computed along with a layer can be computed piece by piece.
//
// An integer layer and the one that makes its shortcut, as at the beginning of a stage of a residual network:
// piece by piece the shortcut is computed where its sum will lie, and the sum at once over it, while it is in
// the cache. The shortcut, which is as large as the sum, does not come from memory a second time.
#include <algorithm>
#include <memory>

#include "engine/integer_step.h"
#include "engine/pooled_layer.h"

namespace pact::engine {
namespace {

using Shared = std::shared_ptr<IntegerStep>;

Step alone(const StepContext& context, const Fusion& fusion, const Shared& integer) {
  Step step = step_of(context, fusion, *integer);
  step.run = [integer](const Workspace& workspace) { integer->run(workspace); };
  return step;
}

Step joined(const Step& shortcut_step, const Shared& shortcut, const Step& sum_step, const Shared& sum,
            graph::ValueId real) {
  shortcut->write_real_to(real);
  sum->read_shortcut_from(real);
  Step step = sum_step;
  step.algorithm += ", with " + shortcut_step.name + " (" + shortcut_step.algorithm + ")";
  step.macs += shortcut_step.macs;
  step.weight_bytes += shortcut_step.weight_bytes;
  step.scratch_bytes = std::max(step.scratch_bytes, shortcut_step.scratch_bytes);
  step.reads = {shortcut_step.reads[0], sum_step.reads[0]};
  step.written_over = step.over = kNoValue;
  step.run = [shortcut, sum](const Workspace& workspace) {
    for_pieces(*workspace.pool, sum->groups(workspace), sum->pieces(workspace),
               [&](int64_t group, int64_t piece, int worker) {
                 shortcut->run_piece(workspace, group, piece, worker);
                 sum->run_piece(workspace, group, piece, worker);
               });
  };
  return step;
}

}  // namespace

std::vector<Step> make_integer_steps(const StepContext& context, const LayerGroup& group) {
  const graph::Graph& graph = context.network.graph;
  const auto layer = std::make_shared<IntegerStep>(context, group.layer);
  const Step layer_step = alone(context, group.layer, layer);
  if (group.shortcut_layer) {
    const auto shortcut = std::make_shared<IntegerStep>(context, *group.shortcut_layer);
    const Step shortcut_step = alone(context, *group.shortcut_layer, shortcut);
    if (!shortcut->goes_along_with(*layer)) return {shortcut_step, layer_step};
    return {joined(shortcut_step, shortcut, layer_step, layer, group.layer.real)};
  }
  std::vector<Step> steps{layer_step};
  if (group.pool == graph::kNoNode) return steps;
  const PooledLayer pooled(context, group, layer);
  if (pooled.is_worthwhile(context.threads)) return {pooled.step(layer_step)};
  steps.push_back(make_pool(context, graph.node(group.pool)));
  if (group.pool_quantize != graph::kNoNode)
    steps.push_back(make_quantize(context, graph.node(group.pool_quantize)));
  return steps;
}

}  // namespace pact::engine
