// max_pool, avg_pool, global_avg_pool, sum_pool.
#include "engine/pool.h"

namespace pact::engine {
namespace {

using graph::Node;

template <typename Element>
Step pool_step(const Node& node, Pool pool) {
  Step step;
  step.name = node.name;
  step.algorithm = name_of(node.op);
  step.reads = {node.inputs[0]};
  step.writes = {node.output};
  step.run = [pool = std::move(pool), x_id = node.inputs[0], y_id = node.output](const Workspace& workspace) {
    const Element* x = workspace.at<Element>(x_id);
    Element* y = workspace.at<Element>(y_id);
    workspace.pool->parallel_for(workspace.batch * pool.out_height, [&](int64_t index, int) {
      const Element* image = x + index / pool.out_height * pool.height * pool.width * pool.channels;
      pool_row(pool, image, 0, index % pool.out_height, y + index * pool.out_width * pool.channels);
    });
  };
  return step;
}

}  // namespace

Step make_pool(const StepContext& context, const Node& node) {
  const Pool pool = pool_of(context, node);
  switch (context.type_of(node.output).dtype) {
    case graph::DataType::i32:
      return pool_step<int32_t>(node, pool);
    case graph::DataType::u8:
      return pool_step<uint8_t>(node, pool);
    case graph::DataType::i8:
      return pool_step<int8_t>(node, pool);
    default:
      return pool_step<float>(node, pool);
  }
}

Step make_global_avg_pool(const StepContext& context, const Node& node) {
  return pool_step<float>(node, global_average_of(context, node));
}

}  // namespace pact::engine
