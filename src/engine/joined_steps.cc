// An integer layer and the one that makes its shortcut, as at the beginning of a stage of a residual network:
// piece by piece the shortcut is computed where its sum will lie, and the sum at once over it, while it is in
// the cache. The shortcut, which is as large as the sum, does not come from memory a second time.
#include "engine/integer_step.h"

namespace pact::engine {
namespace {

void run_joined(const IntegerStep& shortcut, const IntegerStep& sum, const Workspace& workspace) {
  const int64_t images = workspace.batch, pieces = sum.pieces();
  const auto run_piece = [&](int64_t image, int64_t piece, int worker) {
    shortcut.run_piece(workspace, image, piece, worker);
    sum.run_piece(workspace, image, piece, worker);
  };
  if (has_images_for_each(workspace)) {
    workspace.pool->parallel_for(images, [&](int64_t image, int worker) {
      for (int64_t piece = 0; piece < pieces; ++piece) run_piece(image, piece, worker);
    });
    return;
  }
  for (int64_t image = 0; image < images; ++image)
    workspace.pool->parallel_for(pieces, [&](int64_t piece, int worker) { run_piece(image, piece, worker); });
}

}  // namespace

std::vector<Step> make_steps_with_shortcut(const StepContext& context, const Fusion& shortcut,
                                           const Fusion& sum) {
  const auto first = std::make_shared<IntegerStep>(context, shortcut);
  const auto second = std::make_shared<IntegerStep>(context, sum);
  std::vector<Step> steps{describe(context, shortcut, *first), describe(context, sum, *second)};
  if (!first->goes_along_with(*second)) {
    steps[0].run = [first](const Workspace& workspace) { first->run(workspace); };
    steps[1].run = [second](const Workspace& workspace) { second->run(workspace); };
    return steps;
  }
  first->write_real_to(sum.real);
  second->read_shortcut_from(sum.real);
  Step joined = steps[1];
  joined.algorithm += ", with " + steps[0].name;
  joined.macs += steps[0].macs;
  joined.weight_bytes += steps[0].weight_bytes;
  joined.scratch_bytes = std::max(joined.scratch_bytes, steps[0].scratch_bytes);
  joined.reads = {steps[0].reads[0], steps[1].reads[0]};
  joined.written_over = joined.over = kNoValue;
  joined.run = [first, second](const Workspace& workspace) { run_joined(*first, *second, workspace); };
  return {joined};
}

}  // namespace pact::engine
