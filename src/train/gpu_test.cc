// The ways of a GPU, over its kernels run as plain C++ (EmulatedGpu), against those of the CPU. What is left
// to a GPU is the launch, and that tensors lie there.

#include "train/gpu.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "base/caught.h"
#include "base/random.h"
#include "graph/text.h"
#include "train/images.h"
#include "train/normalize_activate.h"
#include "train/optimizer.h"
#include "train/quantizers/catalog.h"
#include "train/storage.h"

namespace pact::train {
namespace {

at::Tensor leaf(const at::Tensor& t) { return t.detach().set_requires_grad(true); }

double difference(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor wide = b.to(at::kDouble);
  return (a.to(at::kDouble) - wide).abs().max().item<double>() /
         std::max(1.0, wide.abs().max().item<double>());
}

// work() on the CPU and as on a GPU: the tensors that it gives.
template <typename Work>
void expect_close(const Work& work, double tolerance) {
  at::manual_seed(1);
  const std::vector<at::Tensor> here = work();
  at::manual_seed(1);
  const EmulatedGpu emulated(kernels::kCuda_emulated);
  const std::vector<at::Tensor> there = work();
  ASSERT_EQ(here.size(), there.size());
  for (size_t i = 0; i < here.size(); ++i) {
    ASSERT_EQ(here[i].sizes(), there[i].sizes()) << i;
    ASSERT_EQ(here[i].scalar_type(), there[i].scalar_type()) << i;
    EXPECT_LT(difference(there[i], here[i]), tolerance) << i;
  }
}

TEST(Gpu, NormalizesAndActivatesAsTheCpu) {
  for (const auto& shape : {std::vector<int64_t>{4, 16, 8, 8}, {3, 5, 7, 3}, {9, 12}, {1, 300, 3, 2}})
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16})
      for (const Statistics statistics : {Statistics::of_batch, Statistics::running})
        for (const bool shortcut : {false, true})
          for (const char* scheme : {"", "pact", "lsq"}) {
            SCOPED_TRACE(testing::Message() << at::IntArrayRef(shape) << type << shortcut << scheme);
            expect_close(
                [&] {
                  const int64_t channels = shape[1];
                  NormalizeActivateInput in{leaf(channels_last((at::randn(shape) * 1.5 + 0.7).to(type))),
                                            leaf(at::rand({channels}) + 0.5),
                                            leaf(at::randn({channels})),
                                            at::zeros({channels}),
                                            at::ones({channels}),
                                            {},
                                            {}};
                  NormalizeActivateOptions options{.statistics = statistics};
                  std::vector<at::Tensor> leaves{in.y, in.gamma, in.beta};
                  if (shortcut)
                    leaves.push_back(in.shortcut = leaf(channels_last(at::randn(shape).to(type))));
                  if (*scheme) {
                    leaves.push_back(in.learned =
                                         leaf(at::scalar_tensor(*scheme == 'p' ? 1.3 : 0.1, at::kFloat)));
                    options.clip = make_activation_quantizer(scheme)->clip(
                        {quant::GridKind::unsigned_, 4, 1.0f}, in.learned, in.y.numel() / shape[0]);
                  }
                  const NormalizeActivateOutput out = normalize_activate(in, options);
                  std::vector<at::Tensor> outputs{out.real}, weights{at::randn(shape).to(type)};
                  if (out.quantized.defined())
                    outputs.push_back(out.quantized), weights.push_back(at::randn(shape).to(type));
                  std::vector<at::Tensor> all = torch::autograd::grad(outputs, leaves, weights);
                  all.insert(all.end(), {out.real, in.running_mean, in.running_var});
                  return all;
                },
                type == at::kFloat ? 2e-5 : 0.02);
          }
}

TEST(Gpu, QuantizesActivationsAsTheCpu) {
  for (const quant::ActivationSchemeEntry& entry : quant::activation_schemes())
    for (const int64_t channels : {0, 5})
      for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
        if (channels > 0 && entry.learned == quant::Learned::nothing) continue;
        SCOPED_TRACE(testing::Message() << entry.name << channels << type);
        expect_close(
            [&] {
              const at::Tensor x = leaf(channels_last((at::randn({3, 5, 9, 7}) * 1.3).to(type)));
              std::vector<at::Tensor> leaves{x};
              at::Tensor learned;
              if (entry.learned != quant::Learned::nothing)
                leaves.push_back(learned =
                                     leaf(channels ? at::rand({channels}) + 0.2 : at::scalar_tensor(0.3)));
              const auto quantizer = make_activation_quantizer(std::string(entry.name));
              const at::Tensor q =
                  clip_quantize(x, learned, quantizer->clip({entry.signed_grid, 3, 1.0f}, learned, 315));
              auto all = torch::autograd::grad({q}, leaves, {at::randn(x.sizes()).to(type)});
              all.push_back(q);
              return all;
            },
            1e-5);
      }
}

TEST(Gpu, QuantizesWeightsToTheSameBits) {
  for (const quant::WeightSchemeEntry& entry : quant::weight_schemes())
    for (const quant::Granularity granularity : {quant::Granularity::tensor, quant::Granularity::channel}) {
      SCOPED_TRACE(entry.name);
      const bool learns = entry.learned == quant::Learned::step;
      expect_close(
          [&] {
            const at::Tensor w = leaf(at::randn({6, 5, 3, 3}));
            std::vector<at::Tensor> leaves{w};
            at::Tensor step;
            if (learns)
              leaves.push_back(step = leaf(granularity == quant::Granularity::tensor ? at::scalar_tensor(0.4)
                                                                                     : at::rand({6}) + 0.1));
            const auto quantizer = make_weight_quantizer(std::string(entry.name));
            const at::Tensor q = quantizer->quantize(w, step, {std::min(3, entry.most_bits), granularity});
            auto all = torch::autograd::grad({q}, leaves, {at::randn(w.sizes())});
            all.push_back(q);
            return all;
          },
          learns ? 1e-6 : 1e-30);
    }
}

TEST(Gpu, TakesTheStepsOfTheOptimizers) {
  const graph::Graph graph = graph::parse(R"(graph small
input image: f32[N,1,2,2]
param q.alpha: f32[]
param fc.weight: f32[2,4]
q: f32[N,1,2,2] = quant(image, q.alpha) bits=4 grid=unsigned scheme=pact
flat: f32[N,4] = flatten(q)
fc: f32[N,2] = linear(flat, fc.weight)
output fc
)",
                                          "small");
  for (const char* optimizer : {"sgd", "adam"})
    for (const char* nesterov : {"yes", "no"})
      expect_close(
          [&] {
            Settings settings;
            settings.optimizer = optimizer, settings.nesterov = nesterov, settings.weight_decay = 0.1;
            const Parameters parameters = {{"q.alpha", leaf(at::scalar_tensor(0.01))},
                                           {"fc.weight", leaf(at::randn({2, 4}))}};
            const auto steps = make_optimizer(graph, parameters, settings);
            for (int i = 0; i < 3; ++i) {
              for (const auto& [name, value] : parameters) value.mutable_grad() = at::rand(value.sizes());
              steps->step(0.1);  // alpha ends at its least
            }
            return std::vector<at::Tensor>{parameters.at("q.alpha"), parameters.at("fc.weight")};
          },
          1e-6);
}

TEST(Gpu, HasTheImagesOfTheLoader) {
  data::Dataset set;
  set.image = {6, 5, 3};
  set.classes = {"a", "b"};
  set.normalization = {{100.4, 300, 7}, {1, 1, 1}};
  Random random(1);
  for (size_t i = 0; i < 23; ++i) {
    set.labels.push_back(static_cast<uint16_t>(i % 2));
    for (size_t p = 0; p < set.image.pixels(); ++p)
      set.pixels.push_back(static_cast<uint8_t>(random.below(256)));
  }
  const EmulatedGpu emulated(kernels::kCuda_emulated);
  const Images images(set, at::kCPU);
  ASSERT_EQ(images.content(), data::Content::placements);
  for (const int pad : {0, 2, 7}) {  // 7: wider than an image
    data::LoaderOptions options;
    options.batch_size = 8;
    options.augmentation = {pad, data::Flip::random};
    options.share = {1, 2};
    data::Loader ready(set, options);
    options.content = images.content();
    data::Loader placed(set, options);
    ready.start(2), placed.start(2);
    while (const auto expected = ready.next()) {
      const auto batch = placed.next();
      ASSERT_TRUE(batch);
      EXPECT_TRUE(batch->pixels.empty());
      const at::Tensor pixels = images.pixels_of(*batch).contiguous();
      const auto* bytes = pixels.data_ptr<uint8_t>();
      EXPECT_EQ(std::vector<uint8_t>(bytes, bytes + pixels.numel()), expected->pixels) << pad;
      EXPECT_EQ(batch->labels, expected->labels);
    }
  }
}

TEST(Gpu, ThatRefusesAKernelIsSaidSo) {
  kernels::CudaKernels refusing = kernels::kCuda_emulated;
  refusing.clip_forward = [](kernels::CudaStream, kernels::Storage, const kernels::CudaRows&,
                             const kernels::CudaClip&, const void*, void*) noexcept {
    return kernels::CudaLaunch{"clip::forward", "no kernel image is available"};
  };
  const EmulatedGpu emulated(refusing);
  const at::Tensor alpha = at::scalar_tensor(1.0f);
  const auto quantizer = make_activation_quantizer("pact");
  const std::string message = caught([&] {
    clip_quantize(at::randn({2, 3}), alpha, quantizer->clip({quant::GridKind::unsigned_, 4, 1.0f}, alpha, 3));
  });
  EXPECT_TRUE(contains(message, "clip::forward: no kernel image is available")) << message;
}

TEST(Gpu, ThatIsNotThereIsSaidSo) {
  const std::string message = caught([] { device_named("cuda"); });
  if (message.empty()) GTEST_SKIP() << "a GPU is there";
  EXPECT_TRUE(contains(message, "docs/gpu.md") || contains(message, "nvidia-smi")) << message;
}

}  // namespace
}  // namespace pact::train
