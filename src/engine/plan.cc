#include "engine/plan.h"

#include <map>
#include <numeric>
#include <set>

#include "base/error.h"
#include "engine/fusion.h"
#include "engine/layout.h"
#include "engine/memory.h"
#include "engine/steps.h"

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
    case Op::flatten:
      return make_flatten(context, node);
    case Op::linear:
      return make_float_linear(context, node);
    case Op::slice:
      return make_slice(context, node);
    case Op::pad:
      return make_pad(context, node);
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
      break;  // always part of a fusion
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

std::vector<Step> make_steps(const StepContext& context, graph::Tensors* spent) {
  const Graph& graph = context.network.graph;
  Waiting waiting(graph, spent);
  std::map<NodeId, LayerPair> layers;  // by place
  std::set<NodeId> fused;
  for (const LayerPair& pair : pair_shortcuts(graph, find_fusions(graph))) {
    for (const NodeId id : pair.nodes()) fused.insert(id);
    layers.emplace(pair.layer.place(), pair);
  }
  std::vector<Step> steps;
  const auto add = [&](Step step) {
    require_computed(graph, step);
    steps.push_back(std::move(step));
  };
  for (NodeId id = 0; id < static_cast<NodeId>(graph.nodes().size()); ++id) {
    if (const auto found = layers.find(id); found != layers.end()) {
      for (Step& step : make_integer_steps(context, found->second)) add(std::move(step));
      for (const NodeId each : found->second.nodes()) waiting.drop_of(each);
    } else if (!fused.contains(id)) {
      add(make_step(context, graph.node(id)));
      waiting.drop_of(id);
    }
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

// Of one image.
size_t bytes_of(const Graph& graph, ValueId activation) {
  const graph::TensorType& type = graph.value(activation).type;
  return static_cast<size_t>(layout_of(type.shape).count()) * size_bytes(type.dtype);
}

size_t weight_bytes_of(const Graph& graph, const graph::Node& linear) {
  const graph::TensorType& weight = graph.value(linear.inputs[1]).type;
  return static_cast<size_t>(graph::element_count(weight.shape)) * size_bytes(weight.dtype);
}

// Values of many images would leave the cache from one step to the next: about as many as fit, by the node that reads
// and writes most. Not so where weights of linear layers, which are read once for all of them, are larger than that.
void choose_images(const Graph& graph, const PlanOptions& options, Plan& plan) {
  constexpr size_t kCachedBytes = 8 << 20, kSmallBytes = 512 << 10;
  size_t image_bytes = 1, linear_bytes = 0;
  for (const graph::Node& node : graph.nodes()) {
    size_t bytes = bytes_of(graph, node.output);
    for (const ValueId input : node.inputs)
      if (graph.producer(input)) bytes += bytes_of(graph, input);
    image_bytes = std::max(image_bytes, bytes);
    if (node.op == Op::integer_linear || node.op == Op::linear) linear_bytes += weight_bytes_of(graph, node);
  }
  plan.images_at_once = options.max_batch;
  if (linear_bytes > image_bytes) return;
  plan.is_small = image_bytes <= kSmallBytes;
  if (plan.is_small) {
    const auto cached = static_cast<int64_t>(kSmallBytes / image_bytes);
    plan.images_at_once = std::min(options.max_batch, std::max<int64_t>(cached, 1));
    return;
  }
  const auto cached = static_cast<int64_t>(kCachedBytes / image_bytes);
  plan.images_at_once = std::min(options.max_batch, std::max<int64_t>(cached, options.threads));
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
  Plan plan;
  choose_images(graph, options, plan);
  const StepContext context{.network = network,
                            .kernels = kernels::requantize_kernels(options.isa),
                            .isa = options.isa,
                            .algorithm = options.algorithm,
                            .threads = options.threads,
                            .images = plan.images_at_once,
                            .fixed = kernels::fixed_requantize_kernels(options.isa)};
  plan.steps = make_steps(context, spent);
  plan.input = graph.inputs()[0];
  plan.output = graph.outputs()[0];

  // Alive from the step that writes a value to the last one that reads it; the input from before the first,
  // the output until after the last.
  const int last = static_cast<int>(plan.steps.size());
  std::vector<Lifetime> lifetimes(graph.values().size(), {.bytes = 0, .first = 0, .last = -1});
  const auto bear = [&](ValueId id, int step) {
    const size_t bytes = bytes_of(graph, id) * static_cast<size_t>(plan.images_at_once);
    lifetimes[static_cast<size_t>(id)] = {.bytes = bytes, .first = step, .last = step};
  };
  bear(plan.input, -1);
  for (int i = 0; i < last; ++i) {
    const Step& step = plan.steps[static_cast<size_t>(i)];
    for (const ValueId id : step.writes) bear(id, i);
    for (const ValueId id : step.reads) lifetimes[static_cast<size_t>(id)].last = i;
    plan.scratch_bytes = std::max(plan.scratch_bytes, step.scratch_bytes);
  }
  lifetimes[static_cast<size_t>(plan.output)].last = last;
  const std::vector<ValueId> homes = share_homes(plan, lifetimes);
  Placement placement = place(lifetimes);
  for (const ValueId home : homes) plan.offsets.push_back(placement.offsets[static_cast<size_t>(home)]);
  plan.arena_bytes = placement.total;
  return plan;
}

}  // namespace pact::engine
