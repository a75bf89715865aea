// An integer layer and the one that makes its shortcut, as at the beginning of a stage of a residual network:
// piece by piece the shortcut is computed where its sum will lie, and the sum at once over it, while it is in
// the cache. The shortcut, which is as large as the sum, does not come from memory a second time.
#include <algorithm>
#include <memory>

#include "engine/integer_step.h"

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

std::vector<Step> make_integer_steps(const StepContext& context, const LayerPair& layers) {
  const auto sum = std::make_shared<IntegerStep>(context, layers.layer);
  const Step sum_step = alone(context, layers.layer, sum);
  if (!layers.shortcut_layer) return {sum_step};
  const auto shortcut = std::make_shared<IntegerStep>(context, *layers.shortcut_layer);
  const Step shortcut_step = alone(context, *layers.shortcut_layer, shortcut);
  if (!shortcut->goes_along_with(*sum)) return {shortcut_step, sum_step};
  return {joined(shortcut_step, shortcut, sum_step, sum, layers.layer.real)};
}

}  // namespace pact::engine
