#include "train/optimizer.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "graph/layers.h"
#include "quant/activations.h"
#include "quant/weights.h"
#include "train/gpu.h"
#include "train/quantizers/clip.h"

namespace pact::train {
namespace {

bool learns_step(const graph::Graph& graph, const graph::Node& quant) {
  const std::string& scheme = quant.word("scheme");
  const bool is_weight = graph.value(quant.inputs[0]).kind == graph::ValueKind::parameter;
  return (is_weight ? entry_of(quant::weight_scheme_of(scheme)).learned
                    : quant::activation_scheme_of(scheme).learned) == quant::Learned::step;
}

struct Learned {
  std::string name;
  at::Tensor value;
  Group group;
};

std::vector<Learned> learned_parameters(const graph::Graph& graph, const Parameters& parameters,
                                        const Settings& settings) {
  const std::map<std::string, Group> groups = parameter_groups(graph, settings);
  std::vector<Learned> list;
  for (const auto& [name, value] : parameters)
    if (value.requires_grad()) list.push_back({name, value, groups.at(name)});
  return list;
}

// Calls update(value, gradient, i) for every element; gradient includes the decay. Plain loops: a network of
// this kind has less than a million parameters, and the order of operations stays ours.
template <typename Update>
void update_elements(Learned& p, const Update& update) {
  const at::Tensor gradient = p.value.grad().contiguous();
  float* value = p.value.data_ptr<float>();
  const float* g = gradient.data_ptr<float>();
  const float decay = static_cast<float>(p.group.decay), least = static_cast<float>(p.group.least);
  const int64_t count = p.value.numel();
  for (int64_t i = 0; i < count; ++i) {
    const float next = update(value[i], g[i] + decay * value[i], i);
    value[i] = next < least ? least : next;
  }
  p.value.mutable_grad().reset();
}

// The same on a GPU, from libtorch's operations: update(value, gradient) changes the value.
template <typename Update>
void update_on_gpu(Learned& p, const Update& update) {
  update(p.value, at::add(p.value.grad(), p.value, p.group.decay));
  if (p.group.least > Group{}.least) p.value.clamp_min_(p.group.least);
  p.value.mutable_grad().reset();
}

class Sgd : public Optimizer {
 public:
  Sgd(std::vector<Learned> learned, const Settings& settings)
      : learned_(std::move(learned)),
        momentum_(static_cast<float>(settings.momentum)),
        nesterov_(settings.nesterov == "yes") {
    for (const Learned& p : learned_)
      velocity_[p.name] = at::zeros_like(p.value, at::TensorOptions().requires_grad(false));
  }

  void step(double rate) override {
    at::NoGradGuard no_grad;
    for (Learned& p : learned_) {
      if (!p.value.grad().defined()) continue;
      const float lr = static_cast<float>(rate * p.group.rate);
      if (gpu_of(p.value)) {
        at::Tensor& velocity = velocity_.at(p.name);
        update_on_gpu(p, [&](at::Tensor& value, const at::Tensor& g) {
          velocity.mul_(momentum_).add_(g);
          value.sub_(nesterov_ ? at::add(g, velocity, momentum_) : velocity, lr);
        });
        continue;
      }
      float* velocity = velocity_.at(p.name).data_ptr<float>();
      update_elements(p, [=, this](float value, float g, int64_t i) {
        const float v = velocity[i] = momentum_ * velocity[i] + g;
        return value - lr * (nesterov_ ? g + momentum_ * v : v);
      });
    }
    ++steps_;
  }

  Parameters state() const override {
    Parameters state;
    for (const auto& [name, velocity] : velocity_) state["velocity." + name] = velocity;
    return state;
  }
  int64_t steps_done() const override { return steps_; }
  void set_steps_done(int64_t steps) override { steps_ = steps; }

 private:
  std::vector<Learned> learned_;
  Parameters velocity_;
  float momentum_;
  bool nesterov_;
  int64_t steps_ = 0;
};

// Kingma and Ba 2015.
class Adam : public Optimizer {
 public:
  Adam(std::vector<Learned> learned, const Settings& settings)
      : learned_(std::move(learned)),
        beta1_(settings.momentum),
        beta2_(settings.adam_beta2),
        epsilon_(settings.adam_epsilon) {
    for (const Learned& p : learned_) {
      first_[p.name] = at::zeros_like(p.value, at::TensorOptions().requires_grad(false));
      second_[p.name] = at::zeros_like(p.value, at::TensorOptions().requires_grad(false));
    }
  }

  void step(double rate) override {
    at::NoGradGuard no_grad;
    ++steps_;
    const double t = static_cast<double>(steps_);
    const double correction = std::sqrt(1 - std::pow(beta2_, t)) / (1 - std::pow(beta1_, t));
    const float b1 = static_cast<float>(beta1_), b2 = static_cast<float>(beta2_);
    const float epsilon = static_cast<float>(epsilon_ * std::sqrt(1 - std::pow(beta2_, t)));
    for (Learned& p : learned_) {
      if (!p.value.grad().defined()) continue;
      const float lr = static_cast<float>(rate * p.group.rate * correction);
      if (gpu_of(p.value)) {
        at::Tensor &mean = first_.at(p.name), &square = second_.at(p.name);
        update_on_gpu(p, [&](at::Tensor& value, const at::Tensor& g) {
          mean.mul_(b1).add_(g, 1 - b1);
          square.mul_(b2).addcmul_(g, g, 1 - b2);
          value.addcdiv_(mean, square.sqrt().add_(epsilon), -lr);
        });
        continue;
      }
      float* first = first_.at(p.name).data_ptr<float>();
      float* second = second_.at(p.name).data_ptr<float>();
      update_elements(p, [=](float value, float g, int64_t i) {
        first[i] = b1 * first[i] + (1 - b1) * g;
        second[i] = b2 * second[i] + (1 - b2) * g * g;
        return value - lr * first[i] / (std::sqrt(second[i]) + epsilon);
      });
    }
  }

  Parameters state() const override {
    Parameters state;
    for (const auto& [name, moment] : first_) state["first_moment." + name] = moment;
    for (const auto& [name, moment] : second_) state["second_moment." + name] = moment;
    return state;
  }
  int64_t steps_done() const override { return steps_; }
  void set_steps_done(int64_t steps) override { steps_ = steps; }

 private:
  std::vector<Learned> learned_;
  Parameters first_, second_;
  double beta1_, beta2_, epsilon_;
  int64_t steps_ = 0;
};

}  // namespace

std::map<std::string, Group> parameter_groups(const graph::Graph& graph, const Settings& settings) {
  std::map<std::string, Group> groups;
  for (const graph::Value& value : graph.values())
    if (value.kind == graph::ValueKind::parameter) groups[value.name] = {};
  const auto name_of_input = [&](const graph::Node& node, size_t i) {
    return graph.value(node.inputs[i]).name;
  };
  for (const graph::Node& node : graph.nodes()) {
    if (is_real_layer(node)) {
      const graph::Node* quant = graph.producer(node.inputs[1]);
      groups[quant ? name_of_input(*quant, 0) : name_of_input(node, 1)].decay = settings.weight_decay;
    } else if (node.op == graph::Op::quant && node.inputs.size() > 1) {
      groups[name_of_input(node, 1)] =
          learns_step(graph, node)
              ? Group{settings.step_rate, settings.step_decay, static_cast<double>(quant::kLeastStep)}
              : Group{settings.alpha_rate, 2 * settings.alpha_decay, static_cast<double>(kLeastAlpha)};
    }
  }
  return groups;
}

std::unique_ptr<Optimizer> make_optimizer(const graph::Graph& graph, const Parameters& parameters,
                                          const Settings& settings) {
  std::vector<Learned> learned = learned_parameters(graph, parameters, settings);
  if (settings.optimizer == "adam") return std::make_unique<Adam>(std::move(learned), settings);
  PACT_CHECK(settings.optimizer == "sgd");
  return std::make_unique<Sgd>(std::move(learned), settings);
}

}  // namespace pact::train
