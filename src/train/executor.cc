// Planning is one walk over the nodes: each becomes a step, except those that a fused step has taken over. A
// step reads and writes a frame of values; a value is dropped after its last reader.

#include "train/executor.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "graph/grids.h"
#include "graph/rules.h"
#include "quant/grid.h"
#include "train/gpu.h"
#include "train/normalize_activate.h"
#include "train/pooling.h"
#include "train/storage.h"

namespace pact::train {

using graph::Graph;
using graph::Node;
using graph::Op;
using graph::ValueId;

struct Executor::Frame {
  const RunOptions& options;
  std::vector<at::Tensor> values, here;  // here: what quantizers read on the host

  at::ScalarType type() const { return options.precision == Precision::bf16 ? at::kBFloat16 : at::kFloat; }
};

struct Executor::Step {
  std::function<void(Frame&)> run;
  std::vector<ValueId> last_uses;  // values that nobody reads afterwards
  std::vector<ValueId> reads;
};

namespace {

// Weights in the type and layout that convolutions want.
at::Tensor compute_weight(const at::Tensor& weight, at::ScalarType type) {
  return weight.dim() == 4
             ? weight.to(weight.options().dtype(type), false, false, at::MemoryFormat::ChannelsLast)
             : weight.to(type);
}

// [top, left, bottom, right] as libtorch's symmetric padding, padding explicitly where it is not symmetric.
at::Tensor padded(const at::Tensor& x, const std::vector<int64_t>& pads, std::vector<int64_t>& symmetric) {
  if (pads[0] == pads[2] && pads[1] == pads[3]) {
    symmetric = {pads[0], pads[1]};
    return x;
  }
  symmetric = {0, 0};
  return at::constant_pad_nd(x, {pads[1], pads[3], pads[0], pads[2]});
}

at::Tensor run_conv2d(const Node& node, const at::Tensor& x, const at::Tensor& weight,
                      const at::Tensor& bias) {
  std::vector<int64_t> padding;
  const at::Tensor input = padded(x, node.integers("pads"), padding);
  return at::conv2d(input, weight, bias, node.integers("strides"), padding, node.integers("dilations"),
                    node.integer("groups"));
}

at::Tensor run_slice(const Node& node, at::Tensor x) {
  const auto &begin = node.integers("begin"), &end = node.integers("end"), &step = node.integers("step");
  for (size_t axis = 0; axis < begin.size(); ++axis)
    x = x.slice(static_cast<int64_t>(axis) + 1, begin[axis], end[axis], step[axis]);
  return x;
}

at::Tensor run_pad(const Node& node, const at::Tensor& x) {
  const auto &before = node.integers("before"), &after = node.integers("after");
  std::vector<int64_t> amounts;  // last axis first
  for (size_t axis = before.size(); axis-- > 0;) amounts.insert(amounts.end(), {before[axis], after[axis]});
  return channels_last(at::constant_pad_nd(x, amounts));
}

at::Tensor run_normalize(const Node& node, const at::Tensor& x, at::ScalarType type) {
  const auto per_channel = [&](const char* key) {
    return sent_to(x.device(), at::tensor(node.reals(key), at::kFloat)).view({1, -1, 1, 1});
  };
  return ((x - per_channel("mean")) / per_channel("std")).to(type);
}

at::Tensor run_rescale(const Node& node, const at::Tensor& x, const at::Tensor& multiplier,
                       const at::Tensor& bias) {
  if (!x.is_floating_point())
    fail(ErrorKind::unsupported, "{}: rescales accumulators, which belong to integer networks", node.name);
  std::vector<int64_t> along(static_cast<size_t>(x.dim()), 1);
  along[1] = -1;
  return (x * multiplier.view(along) + bias.view(along)).to(x.scalar_type());
}

// The quantizers that PACT trains; networks from other tools have more kinds, which are only evaluated.
bool is_clip(const Node& quant) {
  const quant::Grid form = graph::form_of(quant);
  return form.kind != quant::GridKind::odd && form.zero == 0;
}

// Those that run as one with the ReLU before them.
bool can_fuse(const Node& quant) {
  return is_clip(quant) && quant.word("grid") == "unsigned" && quant.word("granularity") == "tensor";
}

int64_t features_of(const at::Tensor& x) { return x.numel() / std::max<int64_t>(x.size(0), 1); }

// The value of the code of x, on grids that have no fused kernel.
at::Tensor on_grid(const Node& node, const at::Tensor& x, const at::Tensor& learned) {
  const quant::ActivationScheme scheme = quant::activation_scheme_of(node.word("scheme")).scheme;
  const quant::Grid grid = activation_grids(scheme, form_of(node), learned)[0];
  const at::Tensor real = x.to(at::kCPU, at::kFloat).contiguous();
  at::Tensor result = at::empty_like(real);
  const float* from = real.data_ptr<float>();
  float* to = result.data_ptr<float>();
  for (int64_t i = 0; i < real.numel(); ++i) to[i] = grid.value_of(grid.code_of(from[i]));
  return result.to(x.options());
}

}  // namespace

class Executor::Planner {
 public:
  explicit Planner(const Graph& graph) : graph_(graph) {
    for (const Node& node : graph.nodes())
      if (node.op == Op::batch_norm) find_chain(node);
  }

  std::vector<Step> plan() {
    for (const Node& node : graph_.nodes()) {
      if (const auto chain = chains_.find(&node); chain != chains_.end())
        add_fused(chain->second);
      else if (!taken_.contains(&node))
        add_single(node);
    }
    mark_last_uses();
    return std::move(steps_);
  }

 private:
  // batch_norm [+ add] [+ relu [+ quant]], run where its last node but the quantizer stands.
  struct Chain {
    const Node* norm;
    const Node* add = nullptr;
    const Node* relu = nullptr;
    const Node* quant = nullptr;
    ValueId shortcut = -1;
    bool wants_real = true;
  };

  const Node* sole_consumer(const Node& node) const {
    const auto readers = graph_.consumers(node.output);
    const bool is_output = std::count(graph_.outputs().begin(), graph_.outputs().end(), node.output) > 0;
    return readers.size() == 1 && !is_output ? &graph_.node(readers[0]) : nullptr;
  }

  void find_chain(const Node& norm) {
    Chain chain{&norm};
    const Node* last = &norm;
    const Node* next = sole_consumer(norm);
    if (next && next->op == Op::add && !taken_.contains(next) && next->inputs[0] != next->inputs[1]) {
      const Node* relu = sole_consumer(*next);
      if (relu && relu->op == Op::relu) {
        chain.add = next;
        chain.shortcut = next->inputs[0] == norm.output ? next->inputs[1] : next->inputs[0];
        last = next;
        next = relu;
      }
    }
    if (next && next->op == Op::relu) {
      chain.relu = last = next;
      for (const graph::NodeId id : graph_.consumers(last->output))
        if (!chain.quant && graph_.node(id).op == Op::quant && can_fuse(graph_.node(id)))
          chain.quant = &graph_.node(id);
      const bool is_output = std::count(graph_.outputs().begin(), graph_.outputs().end(), last->output) > 0;
      chain.wants_real = !chain.quant || is_output || graph_.consumers(last->output).size() > 1;
    }
    for (const Node* node : {chain.norm, chain.add, chain.relu, chain.quant})
      if (node) taken_.insert(node);
    chains_[last] = chain;
  }

  void add_step(std::vector<ValueId> reads, std::function<void(Frame&)> run) {
    steps_.push_back({std::move(run), {}, std::move(reads)});
  }

  void add_fused(const Chain& chain) {
    std::vector<ValueId> reads = chain.norm->inputs;
    if (chain.add) reads.push_back(chain.shortcut);
    if (chain.quant) reads.insert(reads.end(), chain.quant->inputs.begin() + 1, chain.quant->inputs.end());
    std::shared_ptr<ActivationQuantizer> quantizer;
    if (chain.quant) quantizer = make_activation_quantizer(chain.quant->word("scheme"));
    add_step(std::move(reads), [chain, quantizer](Frame& frame) {
      const Node& norm = *chain.norm;
      auto& values = frame.values;
      const auto input = [&](const Node& node, size_t i) {
        return values[static_cast<size_t>(node.inputs[i])];
      };
      NormalizeActivateInput in{
          input(norm, 0), input(norm, 1), input(norm, 2), input(norm, 3), input(norm, 4), {}, {}};
      if (chain.add) in.shortcut = values[static_cast<size_t>(chain.shortcut)];
      const bool quantizes = chain.quant && frame.options.activations == Quantization::on;
      std::optional<Clip> clip;
      if (quantizes) {
        if (chain.quant->inputs.size() > 1) in.learned = input(*chain.quant, 1);
        const at::Tensor here =
            in.learned.defined() ? frame.here[static_cast<size_t>(chain.quant->inputs[1])] : at::Tensor();
        clip = quantizer->clip(form_of(*chain.quant), here, features_of(in.y));
      }
      const bool wants_real = chain.wants_real || !quantizes || frame.options.observer;
      const NormalizeActivateOutput out = normalize_activate(
          in, {.statistics = frame.options.mode == Mode::train ? Statistics::of_batch : Statistics::running,
               .momentum = frame.options.momentum,
               .epsilon = norm.real("epsilon"),
               .rectifier = chain.relu ? Rectifier::relu : Rectifier::none,
               .clip = clip,
               .real = wants_real ? NormalizeActivateOptions::Real::wanted
                                  : NormalizeActivateOptions::Real::unwanted,
               .processes = frame.options.processes});
      const Node& last = chain.relu ? *chain.relu : chain.add ? *chain.add : norm;
      values[static_cast<size_t>(last.output)] = out.real;
      if (!chain.quant) return;
      if (frame.options.observer) frame.options.observer(*chain.quant, out.real);
      values[static_cast<size_t>(chain.quant->output)] = quantizes ? out.quantized : out.real;
    });
  }

  void add_quant(const Node& node) {
    const ValueId x = node.inputs[0], y = node.output;
    const ValueId parameter = node.inputs.size() > 1 ? node.inputs[1] : -1;
    const auto numbers = [](const Frame& frame, ValueId id) {
      return id < 0 ? Numbers()
                    : Numbers(frame.values[static_cast<size_t>(id)], frame.here[static_cast<size_t>(id)]);
    };
    if (graph_.value(x).kind == graph::ValueKind::parameter) {
      std::shared_ptr<WeightQuantizer> quantizer = make_weight_quantizer(node.word("scheme"));
      const WeightForm form{static_cast<int>(node.integer("bits")),
                            quant::granularity_of(node.word("granularity"))};
      add_step(node.inputs, [=](Frame& frame) {
        frame.values[static_cast<size_t>(y)] =
            quantizer->quantize(numbers(frame, x), numbers(frame, parameter), form);
      });
      return;
    }
    if (!is_clip(node)) {
      add_step(node.inputs, [=, &node](Frame& frame) {
        if (frame.options.mode == Mode::train)
          fail(ErrorKind::unsupported, "{}: quantizers on odd grids or with a zero point are not trained",
               node.name);
        frame.values[static_cast<size_t>(y)] =
            on_grid(node, frame.values[static_cast<size_t>(x)], numbers(frame, parameter).here);
      });
      return;
    }
    std::shared_ptr<ActivationQuantizer> quantizer = make_activation_quantizer(node.word("scheme"));
    add_step(node.inputs, [=, &node](Frame& frame) {
      const at::Tensor input = frame.values[static_cast<size_t>(x)];
      if (frame.options.observer) frame.options.observer(node, input);
      if (frame.options.activations == Quantization::off) {
        frame.values[static_cast<size_t>(y)] = input;
        return;
      }
      const Numbers learned = numbers(frame, parameter);
      const Clip clip = quantizer->clip(form_of(node), learned.here, features_of(input));
      frame.values[static_cast<size_t>(y)] = clip_quantize(input, learned.live, clip);
    });
  }

  void add_single(const Node& node) {
    if (node.op == Op::quant) return add_quant(node);
    // A batch norm is always the head of a chain.
    PACT_CHECK(node.op != Op::batch_norm);
    add_step(node.inputs, [&node](Frame& frame) {
      frame.values[static_cast<size_t>(node.output)] = compute(node, frame);
    });
  }

  static at::Tensor compute(const Node& node, const Frame& frame) {
    const auto input = [&](size_t i) {
      return i < node.inputs.size() ? frame.values[static_cast<size_t>(node.inputs[i])] : at::Tensor();
    };
    const at::Tensor x = input(0);
    switch (node.op) {
      case Op::normalize:
        return run_normalize(node, x, frame.type());
      case Op::conv2d: {
        const at::Tensor bias = input(2);
        return run_conv2d(node, x, compute_weight(input(1), x.scalar_type()),
                          bias.defined() ? bias.to(x.scalar_type()) : bias);
      }
      // Few multiplications, and the logits deserve all digits.
      case Op::linear:
        return at::linear(x.to(at::kFloat), input(1), input(2));
      case Op::relu:
        return at::relu(x);
      case Op::clip:
        return at::clamp(x, node.real("low"), node.real("high"));
      case Op::add:
        return x + input(1);
      case Op::max_pool:
        return run_max_pool(node, x);
      case Op::avg_pool:
        return run_avg_pool(node, x);
      case Op::global_avg_pool:
        return x.to(at::kFloat).mean(at::IntArrayRef{2, 3});
      case Op::flatten:
        return x.contiguous().flatten(1);
      case Op::slice:
        return run_slice(node, x);
      case Op::pad:
        return run_pad(node, x);
      case Op::quant:
      case Op::batch_norm:
        break;
      case Op::rescale:
        return run_rescale(node, x, input(1), input(2));
      case Op::quantize:
      case Op::dequantize:
      case Op::integer_conv2d:
      case Op::integer_linear:
      case Op::fixed_requantize:
      case Op::fixed_rescale:
      case Op::sum_pool:
        fail(ErrorKind::unsupported, "{}: {} belongs to integer networks, which cannot be trained", node.name,
             name_of(node.op));
    }
    fail(ErrorKind::internal, "{}: no step for op {}", node.name, name_of(node.op));
  }

  void mark_last_uses() {
    std::set<ValueId> seen(graph_.outputs().begin(), graph_.outputs().end());
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step)
      for (const ValueId id : step->reads)
        if (seen.insert(id).second) step->last_uses.push_back(id);
  }

  const Graph& graph_;
  std::map<const Node*, Chain> chains_;  // by the node at which they run
  std::set<const Node*> taken_;
  std::vector<Step> steps_;
};

Executor::Executor(Graph graph, const Parameters& parameters) : graph_(std::move(graph)) {
  graph::verify(graph_);
  if (graph_.inputs().size() != 1 || graph_.outputs().size() != 1)
    fail(ErrorKind::unsupported, "{}: has {} inputs and {} outputs; networks with one of each can be trained",
         graph_.name(), graph_.inputs().size(), graph_.outputs().size());
  sources_.resize(graph_.values().size());
  for (size_t id = 0; id < sources_.size(); ++id)
    if (const auto found = parameters.find(graph_.values()[id].name); found != parameters.end())
      sources_[id] = found->second;
  for (const Node& node : graph_.nodes())
    for (const ValueId id : node.inputs)
      if (node.op == Op::quant && sources_[static_cast<size_t>(id)].defined() &&
          std::ranges::find(read_here_, static_cast<size_t>(id)) == read_here_.end())
        read_here_.push_back(static_cast<size_t>(id));
  steps_ = Planner(graph_).plan();
}

Executor::~Executor() = default;

at::Tensor Executor::run(const at::Tensor& pixels, const RunOptions& options) const {
  Frame frame{options, sources_, where_host_reads(sources_, read_here_)};
  frame.values[static_cast<size_t>(graph_.inputs()[0])] = pixels.permute({0, 3, 1, 2}).to(at::kFloat);
  for (const Step& step : steps_) {
    step.run(frame);
    for (const ValueId id : step.last_uses) frame.values[static_cast<size_t>(id)].reset();
  }
  return frame.values[static_cast<size_t>(graph_.outputs()[0])].to(at::kFloat);
}

}  // namespace pact::train
