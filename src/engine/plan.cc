#include "engine/plan.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "engine/layout.h"
#include "engine/memory.h"
#include "engine/steps.h"
#include "engine/units.h"

namespace pact::engine {
namespace {

using graph::Graph;
using graph::Network;
using graph::Node;
using graph::NodeId;
using graph::Op;
using graph::ValueId;
using graph::ValueKind;

bool is_stream(const StepContext& context, const Node& node) {
  return context.type_of(node.output).dtype == graph::DataType::i32;
}

Step make_step(const StepContext& context, const Node& node) {
  switch (node.op) {
    case Op::normalize:
      return make_normalize(context, node);
    case Op::conv2d:
      return make_float_conv2d(context, node);
    case Op::batch_norm:
      return make_batch_norm(context, node);
    case Op::relu:
      return is_stream(context, node) ? make_stream_relu(context, node) : make_relu(context, node);
    case Op::clip:
      return make_clip(context, node);
    case Op::add:
      return is_stream(context, node) ? make_stream_add(context, node) : make_add(context, node);
    case Op::max_pool:
    case Op::avg_pool:
    case Op::sum_pool:
      return make_pool(context, node);
    case Op::global_avg_pool:
      return make_global_avg_pool(context, node);
    case Op::linear:
      return make_float_linear(context, node);
    case Op::quantize:
      return make_quantize(context, node);
    case Op::dequantize:
      return make_dequantize(context, node);
    case Op::rescale:
      return make_rescale(context, node);
    case Op::fixed_requantize:
    case Op::fixed_rescale:
      return make_fixed_rescale(context, node);
    case Op::quant:
      fail(ErrorKind::unsupported,
           "node '{}': quant is fake quantization, for training; lower the network to its integer form first",
           node.name);
    case Op::integer_conv2d:
    case Op::integer_linear:
    case Op::flatten:
    case Op::slice:
    case Op::pad:
      break;  // always of a kind of unit
  }
  fail(ErrorKind::internal, "node '{}': no step for {}", node.name, name_of(node.op));
}

void require_supported(const Graph& graph) {
  if (graph.inputs().size() != 1 || graph.outputs().size() != 1)
    fail(ErrorKind::unsupported, "graph {}: it has {} inputs and {} outputs, the engine runs one of each",
         graph.name(), graph.inputs().size(), graph.outputs().size());
  const graph::Value& output = graph.value(graph.outputs()[0]);
  if (output.kind == ValueKind::parameter || output.kind == ValueKind::buffer)
    fail(ErrorKind::unsupported, "graph {}: its output '{}' is not computed", graph.name(), output.name);
  for (const graph::Value& value : graph.values())
    if (value.kind == ValueKind::activation || value.kind == ValueKind::input) layout_of(value.type.shape);
}

// Steps may read only what the input or other steps wrote.
void require_computed(const Graph& graph, const Step& step) {
  for (const ValueId id : step.reads)
    if (graph.value(id).kind == ValueKind::parameter || graph.value(id).kind == ValueKind::buffer)
      fail(ErrorKind::unsupported, "node '{}': the engine takes no parameter, '{}', for an activation",
           step.name, graph.value(id).name);
}

// Numbers that steps still have to take.
class Waiting {
 public:
  Waiting(const Graph& graph, graph::Tensors* spent)
      : graph_(graph), spent_(spent), readers_(graph.values().size()) {
    for (const Node& node : graph.nodes())
      for (const ValueId input : node.inputs) ++readers_[static_cast<size_t>(input)];
  }
  void drop_of(NodeId id) {
    for (const ValueId input : graph_.node(id).inputs)
      if (--readers_[static_cast<size_t>(input)] == 0 && spent_) spent_->erase(graph_.value(input).name);
  }

 private:
  const Graph& graph_;
  graph::Tensors* spent_;
  std::vector<int> readers_;
};

std::vector<Step> make_steps(const StepContext& context, std::span<const Unit> units, graph::Tensors* spent) {
  const Graph& graph = context.network.graph;
  Waiting waiting(graph, spent);
  std::vector<Step> steps;
  for (const Unit& unit : units) {
    const Node& first = graph.node(unit.nodes[0]);
    std::vector<Step> made;
    if (unit.layers)
      made = make_integer_steps(context, *unit.layers);
    else if (only_moves(first.op))
      made.push_back(make_moves(context, unit.nodes));
    else
      made.push_back(make_step(context, first));
    for (Step& step : made) {
      require_computed(graph, step);
      step.images = context.images_of(first);
      steps.push_back(std::move(step));
    }
    for (const NodeId id : unit.nodes) waiting.drop_of(id);
  }
  return steps;
}

// The value at whose place each lies: itself, or the one that it is written over, whose life then goes on.
// Half the traffic of long shortcuts, which do not fit the caches.
std::vector<ValueId> share_homes(const Plan& plan, std::vector<Lifetime>& lifetimes) {
  std::vector<ValueId> homes(lifetimes.size());
  std::iota(homes.begin(), homes.end(), ValueId{0});
  for (int i = 0; i < static_cast<int>(plan.steps.size()); ++i) {
    const Step& step = plan.steps[static_cast<size_t>(i)];
    if (step.written_over == kNoValue || step.over == kNoValue) continue;
    Lifetime& written = lifetimes[static_cast<size_t>(step.written_over)];
    const ValueId home = homes[static_cast<size_t>(step.over)];
    Lifetime& over = lifetimes[static_cast<size_t>(home)];
    if (over.last != i || over.bytes != written.bytes) continue;
    homes[static_cast<size_t>(step.written_over)] = home;
    over.last = written.last;
    written = {.bytes = 0, .first = 0, .last = -1};
  }
  return homes;
}

// Alive from the step that writes a value to the last one that reads it; the input from before the first, the output
// until after the last. What a later stage reads is gathered while the stages before it run again and again: it is
// alive from the beginning.
void place_values(const Graph& graph, Plan& plan) {
  const int last = static_cast<int>(plan.steps.size());
  std::vector<Lifetime> lifetimes(graph.values().size(), {.bytes = 0, .first = 0, .last = -1});
  plan.homes.resize(graph.values().size());
  const auto home_of = [&](ValueId id) -> Home& { return plan.homes[static_cast<size_t>(id)]; };
  const auto life_of = [&](ValueId id) -> Lifetime& { return lifetimes[static_cast<size_t>(id)]; };
  const auto bear = [&](ValueId id, int step, size_t stage) {
    home_of(id) = {.offset = 0, .image_bytes = bytes_per_image(graph, id), .stage = stage};
    life_of(id) = {.bytes = 0, .first = step, .last = step};
  };
  const auto keep = [&](ValueId id, int step, size_t stage) {
    life_of(id).last = step;
    if (home_of(id).stage < stage) life_of(id).first = -1;
    home_of(id).stage = std::max(home_of(id).stage, stage);
  };
  bear(plan.input, -1, 0);
  size_t stage = 0;
  for (int i = 0; i < last; ++i) {
    while (i == plan.stages[stage].end) ++stage;
    for (const ValueId id : plan.steps[static_cast<size_t>(i)].writes) bear(id, i, stage);
    for (const ValueId id : plan.steps[static_cast<size_t>(i)].reads) keep(id, i, stage);
  }
  keep(plan.output, last, stage);
  for (size_t id = 0; id < lifetimes.size(); ++id) {
    const int64_t images = plan.stages[plan.homes[id].stage].images;
    lifetimes[id].bytes = plan.homes[id].image_bytes * static_cast<size_t>(images);
  }
  const std::vector<ValueId> shared = share_homes(plan, lifetimes);
  const Placement placement = place(lifetimes);
  for (size_t id = 0; id < lifetimes.size(); ++id)
    plan.homes[id].offset = placement.offsets[static_cast<size_t>(shared[id])];
  plan.arena_bytes = placement.total;
}

}  // namespace

const graph::Tensor& StepContext::tensor_of(const Node& node, ValueId value) const {
  const auto found = network.tensors.find(network.graph.value(value).name);
  if (found == network.tensors.end())
    fail(ErrorKind::unsupported, "node '{}': the engine needs '{}' as a parameter, not computed", node.name,
         network.graph.value(value).name);
  return found->second;
}

Plan make_plan(const Network& network, const PlanOptions& options, graph::Tensors* spent) {
  verify(network);
  const Graph& graph = network.graph;
  require_supported(graph);
  const std::vector<Unit> units = units_of(graph);
  const Images images = choose_images(graph, units, options.max_batch, options.threads, options.cached_bytes);
  std::vector<int64_t> images_of_nodes(graph.nodes().size());
  for (size_t i = 0; i < units.size(); ++i)
    for (const NodeId id : units[i].nodes) images_of_nodes[static_cast<size_t>(id)] = images.at_once[i];
  const StepContext context{.network = network,
                            .kernels = kernels::requantize_kernels(options.isa),
                            .isa = options.isa,
                            .algorithm = options.algorithm,
                            .threads = options.threads,
                            .images = images_of_nodes,
                            .fixed = kernels::fixed_requantize_kernels(options.isa)};
  Plan plan;
  plan.steps = make_steps(context, units, spent);
  plan.stages = stages_of(plan.steps);
  plan.input = graph.inputs()[0];
  plan.output = graph.outputs()[0];
  plan.is_small = images.are_small;
  for (const Step& step : plan.steps) plan.scratch_bytes = std::max(plan.scratch_bytes, step.scratch_bytes);
  place_values(graph, plan);
  return plan;
}

}  // namespace pact::engine
