// One training step of ResNet-20, batch 128: a plain libtorch module, our float network, our 4-bit PACT
// network, and PACT composed from libtorch's operations on the plain module. The variants take turns (A B C D
// A B C D ...), so that phases of a shared machine hit all alike; medians and their ratios are printed.
//
//   train_step_bench [rounds] [threads] [bf16|fp32]

#include <ATen/autocast_mode.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "passes/insert_quantizers.h"
#include "train/executor.h"
#include "train/loss.h"
#include "train/optimizer.h"
#include "zoo/zoo.h"

namespace {

using at::Tensor;
using pact::train::Precision;

constexpr int64_t kBatch = 128;

// PACT and DoReFa weights as one writes them from tensor operations.
Tensor straight_through(const Tensor& exact, const Tensor& rounded) {
  return exact + (rounded - exact).detach();
}
Tensor composed_pact(const Tensor& x, const Tensor& alpha) {
  const Tensor clipped = at::minimum(at::relu(x), alpha);
  const Tensor step = alpha / 15;
  return straight_through(clipped, at::round(clipped / step) * step);
}
Tensor composed_weight(const Tensor& w) {
  const Tensor t = w.tanh();
  const Tensor u = t / (2 * t.abs().max()) + 0.5;
  return straight_through(2 * u - 1, 2 * at::round(u * 15) / 15 - 1);
}

enum class Bits { full, composed };

// The module that a libtorch user would write.
struct PlainImpl : torch::nn::Module {
  explicit PlainImpl(Bits bits_) : bits(bits_) {
    int64_t in = add("stem", 3, 16, 1);
    for (int64_t stage = 0; stage < 3; ++stage)
      for (int block = 0; block < 3; ++block) {
        const int64_t out = int64_t{16} << stage;
        add("a", in, out, stage > 0 && block == 0 ? 2 : 1);
        in = add("b", out, out, 1);
      }
    fc = register_module("fc", torch::nn::Linear(64, 10));
  }

  int64_t add(const std::string& name, int64_t in, int64_t out, int64_t stride) {
    const std::string id = name + std::to_string(convs.size());
    convs.push_back(register_module(
        "conv_" + id,
        torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 3).stride(stride).padding(1).bias(false))));
    norms.push_back(register_module("norm_" + id, torch::nn::BatchNorm2d(out)));
    alphas.push_back(register_parameter("alpha_" + id, at::scalar_tensor(6.0)));
    return out;
  }

  Tensor conv(size_t i, const Tensor& x) {
    torch::nn::Conv2d& c = convs[i];
    if (bits == Bits::full || i == 0) return c->forward(x);
    return at::conv2d(composed_pact(x, alphas[i]), composed_weight(c->weight), {}, c->options.stride(), 1);
  }

  Tensor forward(Tensor x) {
    x = at::relu(norms[0](conv(0, x)));
    for (size_t i = 1; i < convs.size(); i += 2) {
      Tensor y = at::relu(norms[i](conv(i, x)));
      y = norms[i + 1](conv(i + 1, y));
      const int64_t extra = y.size(1) - x.size(1);
      if (extra)
        x = at::constant_pad_nd(x.slice(2, 0, x.size(2), 2).slice(3, 0, x.size(3), 2),
                                {0, 0, 0, 0, extra / 2, extra / 2});
      x = at::relu(x + y);
    }
    return fc(x.mean(at::IntArrayRef{2, 3}));
  }

  Bits bits;
  std::vector<torch::nn::Conv2d> convs;
  std::vector<torch::nn::BatchNorm2d> norms;
  std::vector<Tensor> alphas;
  torch::nn::Linear fc{nullptr};
};
TORCH_MODULE(Plain);

struct Batch {
  Tensor bytes = at::randint(256, {kBatch, 32, 32, 3}, at::kByte);
  Tensor labels = at::randint(10, {kBatch}, at::kLong);
};

std::function<void()> plain_step(Bits bits, Precision precision, const Batch& batch) {
  Plain net(bits);
  for (Tensor& p : net->parameters())
    if (p.dim() == 4) p.set_data(p.data().contiguous(at::MemoryFormat::ChannelsLast));
  auto sgd = std::make_shared<torch::optim::SGD>(
      net->parameters(), torch::optim::SGDOptions(0.1).momentum(0.9).weight_decay(2e-4));
  return [=] {
    const Tensor x = (batch.bytes.permute({0, 3, 1, 2}).to(at::kFloat) - 120) / 64;
    const bool autocast = precision == Precision::bf16;
    at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
    at::autocast::set_cpu_enabled(autocast);
    Plain module = net;
    const Tensor logits = module->forward(x);
    const Tensor loss = at::cross_entropy_loss(logits.to(at::kFloat), batch.labels);
    at::autocast::clear_cache();
    at::autocast::set_cpu_enabled(false);
    sgd->zero_grad();
    loss.backward();
    sgd->step();
    static_cast<void>(loss.item<float>());
  };
}

std::function<void()> our_step(int bits, Precision precision, const Batch& batch) {
  using namespace pact;
  train::Settings settings;
  settings.weights = settings.activations = bits;
  zoo::InputSpec input;
  input.mean = {125, 123, 114}, input.std = {64, 64, 64};
  graph::Network plain{zoo::find_entry("resnet20").build(input), {}};
  plain.tensors = zoo::initialize(plain.graph, 1);
  const graph::Network network = passes::insert_quantizers(
      plain,
      {.weights = bits, .activations = bits, .weight_scheme = "dorefa", .alpha = 6.0, .overrides = {}});
  auto parameters = std::make_shared<train::Parameters>(train::to_parameters(network));
  auto executor = std::make_shared<train::Executor>(network.graph, *parameters);
  std::shared_ptr<train::Optimizer> optimizer = train::make_optimizer(network.graph, *parameters, settings);
  return [=] {
    train::RunOptions options;
    options.mode = train::Mode::train;
    options.precision = precision;
    const Tensor loss = train::loss(settings, executor->run(batch.bytes, options), batch.labels, {});
    static_cast<void>(loss.item<float>());
    loss.backward();
    optimizer->step(0.1);
  };
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::stoi(argv[1]) : 30;
  const int threads = argc > 2 ? std::stoi(argv[2]) : pact::usable_cores();
  const Precision precision = argc > 3 && std::string(argv[3]) == "fp32" ? Precision::fp32 : Precision::bf16;
  at::set_num_threads(threads);
  const Batch batch;
  struct Variant {
    const char* name;
    std::function<void()> step;
    std::vector<double> ms;
  };
  std::vector<Variant> variants = {
      {"plain libtorch, float", plain_step(Bits::full, precision, batch), {}},
      {"ours, float", our_step(32, precision, batch), {}},
      {"ours, 4-bit PACT", our_step(4, precision, batch), {}},
      {"libtorch, 4-bit composed", plain_step(Bits::composed, precision, batch), {}}};
  for (int round = -3; round < rounds; ++round)
    for (Variant& v : variants) {
      const auto start = std::chrono::steady_clock::now();
      v.step();
      if (round >= 0)
        v.ms.push_back(
            std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    }
  std::printf("%s; %d threads used; ResNet-20, batch %d, %s; medians of %d interleaved rounds\n",
              pact::machine_description().c_str(), threads, static_cast<int>(kBatch),
              precision == Precision::bf16 ? "bf16" : "fp32", rounds);
  std::printf("%-26s %9s %9s %9s %9s   %s\n", "variant", "median ms", "p10", "p90", "images/s",
              "times plain float");
  const auto quantile = [](std::vector<double> v, double q) {
    std::sort(v.begin(), v.end());
    return v[static_cast<size_t>(q * static_cast<double>(v.size() - 1))];
  };
  const double reference = quantile(variants[0].ms, 0.5);
  for (const Variant& v : variants) {
    const double median = quantile(v.ms, 0.5);
    std::printf("%-26s %9.1f %9.1f %9.1f %9.0f   %.3f\n", v.name, median, quantile(v.ms, 0.1),
                quantile(v.ms, 0.9), 1000.0 * static_cast<double>(kBatch) / median, median / reference);
  }
  std::printf("ours 4-bit / ours float: %.3f\n",
              quantile(variants[2].ms, 0.5) / quantile(variants[1].ms, 0.5));
  return 0;
}
