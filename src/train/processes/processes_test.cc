// Two processes, here as two threads of one, which meet over the loopback as processes do.
#include "train/processes/processes.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "base/caught.h"
#include "base/random.h"
#include "data/loader.h"
#include "graph/text.h"
#include "train/batches.h"
#include "train/gpu.h"
#include "train/gradients.h"
#include "train/processes/meeting_place.h"
#include "train/processes/short_sums.h"

namespace pact::train {
namespace {

// Runs work(processes) in `count` processes at once; what one of them throws leaves.
template <typename Work>
void together(int count, const Work& work) {
  std::promise<int> listening;
  std::shared_future<int> port = listening.get_future().share();
  std::vector<std::future<void>> all;
  for (int rank = 0; rank < count; ++rank)
    all.push_back(std::async(std::launch::async, [&, rank] {
      JoinOptions options{.membership = {rank, count, "127.0.0.1", 0, "the test"},
                          .timeout = std::chrono::seconds(20)};
      if (rank == 0)
        options.on_listening = [&](int found) { listening.set_value(found); };
      else
        options.membership.port = port.get();
      const auto processes = Processes::join(options);
      work(*processes);
      processes->leave("");
    }));
  for (auto& one : all) one.get();
}

bool has_c10d() {
  return !contains(caught([] { together(1, [](const Processes&) {}); }), "built for one");
}

#define SKIP_WITHOUT_C10D() \
  if (!has_c10d()) GTEST_SKIP() << "built without c10d or gloo's headers"

TEST(Processes, AddUpTakeOverAndGather) {
  SKIP_WITHOUT_C10D();
  together(3, [](const Processes& processes) {
    const float own = static_cast<float>(processes.rank());
    float floats[] = {own, 1.0f};
    processes.sum(floats);
    EXPECT_EQ(floats[0], 3.0f);
    EXPECT_EQ(floats[1], 3.0f);
    double doubles[] = {1e-17 + processes.rank()};
    processes.sum(doubles);
    EXPECT_EQ(doubles[0], 3.0);
    int number = 40 + processes.rank();
    processes.copy_first(std::as_writable_bytes(std::span(&number, 1)));
    EXPECT_EQ(number, 40);
    EXPECT_EQ(processes.gather("word", std::string(static_cast<size_t>(processes.rank()), 'a')),
              (std::vector<std::string>{"", "a", "aa"}));
    EXPECT_EQ(processes.sharers(), 3);
  });
}

TEST(Processes, WithDifferentSettingsAreToldWhichInAll) {
  SKIP_WITHOUT_C10D();
  together(2, [](const Processes& processes) {
    const Facts same = {{"epochs", "3"}, {"rate", "0.1"}};
    require_same(processes, same);
  });
  together(2, [](const Processes& processes) {
    const Facts facts = {{"epochs", "3"}, {"rate", processes.is_first() ? "0.1" : "0.2"}};
    const std::string message = caught([&] { require_same(processes, facts); });
    EXPECT_TRUE(contains(message, "rate is '0.1' in process 0 and '0.2' in process 1")) << message;
    EXPECT_FALSE(contains(message, "epochs"));
  });
}

TEST(Processes, HearWhyAnotherGaveUpWhileTheyWait) {
  SKIP_WITHOUT_C10D();
  EXPECT_THROW(together(2,
                        [](const Processes& processes) {
                          if (!processes.is_first()) fail("no such file");
                          double number[] = {1};
                          processes.sum(number);
                        }),
               LostProcess);
}

TEST(Processes, ThatNobodyJoinsSayWhoIsAbsent) {
  SKIP_WITHOUT_C10D();
  const std::string message = caught([] {
    Processes::join({.membership = {0, 3, "127.0.0.1", 0, "the test"}, .timeout = std::chrono::seconds(1)});
  });
  EXPECT_TRUE(contains(message, "have not come within 1 s: 1, 2")) << message;
}

TEST(Processes, WithoutAFirstOneSayWhereTheyLooked) {
  SKIP_WITHOUT_C10D();
  const std::string message = caught([] {
    Processes::join({.membership = {1, 2, "127.0.0.1", 9, "the test"}, .timeout = std::chrono::seconds(1)});
  });
  EXPECT_TRUE(contains(message, "did not answer at 127.0.0.1, port 9, for 1 s")) << message;
  const std::string nowhere = caught([] {
    Processes::join(
        {.membership = {1, 2, "nowhere.invalid", 9, "the test"}, .timeout = std::chrono::seconds(1)});
  });
  EXPECT_TRUE(contains(nowhere, "nowhere.invalid")) << nowhere;
}

TEST(Processes, WhoseFirstGoesAwayWhileTheyMeetSaySo) {
  SKIP_WITHOUT_C10D();
  std::promise<int> listening;
  const auto first = std::async(std::launch::async, [&] {
    caught([&] {
      Processes::join({.membership = {0, 3, "127.0.0.1", 0, "the test"},
                       .timeout = std::chrono::seconds(3),
                       .on_listening = [&](int port) { listening.set_value(port); }});
    });
  });
  const int port = listening.get_future().get();
  const std::string message = caught([&] {
    Processes::join(
        {.membership = {1, 3, "127.0.0.1", port, "the test"}, .timeout = std::chrono::seconds(20)});
  });
  EXPECT_TRUE(contains(message, "process 0 at 127.0.0.1 went away while the processes met")) << message;
}

TEST(ShortSums, DropStrangersAndGoOn) {
  int port = 0;
  Socket listener = listen_for("127.0.0.1", &port);
  const Socket silent = connected_to("127.0.0.1", port);
  const ShortSums of_no_such_rank(connected_to("127.0.0.1", port), 7);
  ShortSums second(connected_to("127.0.0.1", port), 1);
  ShortSums first(std::move(listener), 2, [] {});
  double ones[] = {1}, twos[] = {2};
  const auto other = std::async(std::launch::async, [&] { second.sum(twos, [] {}); });
  first.sum(ones, [] {});
  EXPECT_EQ(ones[0], 3.0);
  other.wait();
  EXPECT_EQ(twos[0], 3.0);
}

// A residual block; with `bits` below 32, its activations quantized by `scheme`.
graph::Network block(int bits, const std::string& scheme) {
  const std::string quant = bits == 32 ? "" : fmt::format(" bits={} grid=unsigned scheme={}", bits, scheme);
  const std::string text = fmt::format(
      R"(graph block
input image: f32[N,3,8,8]
param a.weight: f32[6,3,3,3]
param a.gamma: f32[6]
param a.beta: f32[6]
param b.weight: f32[6,6,3,3]
param b.gamma: f32[6]
param b.beta: f32[6]
{0}param fc.weight: f32[4,6]
param fc.bias: f32[4]
buffer a.mean: f32[6]
buffer a.var: f32[6]
buffer b.mean: f32[6]
buffer b.var: f32[6]
pixels: f32[N,3,8,8] = normalize(image) mean=[128.0,128.0,128.0] std=[64.0,64.0,64.0]
a: f32[N,6,8,8] = conv2d(pixels, a.weight) pads=[1,1,1,1]
a_norm: f32[N,6,8,8] = batch_norm(a, a.gamma, a.beta, a.mean, a.var)
a_relu: f32[N,6,8,8] = relu(a_norm)
{1}b: f32[N,6,8,8] = conv2d({2}, b.weight) pads=[1,1,1,1]
b_norm: f32[N,6,8,8] = batch_norm(b, b.gamma, b.beta, b.mean, b.var)
sum: f32[N,6,8,8] = add(b_norm, a_relu)
b_relu: f32[N,6,8,8] = relu(sum)
pool: f32[N,6] = global_avg_pool(b_relu)
scores: f32[N,4] = linear(pool, fc.weight, fc.bias)
output scores
)",
      bits == 32 ? "" : "param q.alpha: f32[]\n",
      bits == 32 ? "" : "q: f32[N,6,8,8] = quant(a_relu, q.alpha)" + quant + "\n",
      bits == 32 ? "a_relu" : "q");
  graph::Network network{graph::parse(text, "test"), {}};
  Random random(7);
  for (const graph::Value& value : network.graph.values()) {
    if (value.kind != graph::ValueKind::parameter && value.kind != graph::ValueKind::buffer) continue;
    graph::Tensor& tensor = network.tensors[value.name] =
        graph::Tensor::zeros(value.type.dtype, value.type.shape);
    const bool is_one =
        value.name.ends_with("gamma") || value.name.ends_with("var") || value.name == "q.alpha";
    for (float& x : tensor.as<float>()) x = static_cast<float>((is_one ? 1.0 : 0.0) + 0.3 * random.normal());
  }
  return network;
}

data::Dataset images(size_t count) {
  data::Dataset set;
  set.image = {8, 8, 3};
  set.classes.assign(4, "class");
  set.normalization = {{128, 128, 128}, {64, 64, 64}};
  Random random(11);
  for (size_t i = 0; i < count; ++i) {
    set.labels.push_back(static_cast<uint16_t>(i % 4));
    const double tone = random.uniform(40, 200);
    for (size_t p = 0; p < set.image.pixels(); ++p)
      set.pixels.push_back(static_cast<uint8_t>(tone + random.uniform(-40, 40)));
  }
  return set;
}

struct Pass {
  std::map<std::string, at::Tensor> gradients, buffers;
  BatchResult result;
};

Pass pass_over(const graph::Network& network, const data::Dataset& set, const Processes* processes) {
  data::LoaderOptions options;
  options.batch_size = static_cast<int64_t>(set.count());
  options.augmentation = {2, data::Flip::random};
  options.share = share_of(processes);
  const Images where(set, at::kCPU);
  options.content = where.content();
  data::Loader loader(set, options);
  loader.start(3);
  const Parameters parameters = to_parameters(network);
  const Executor executor(network.graph, parameters);
  const Settings settings;
  Pass pass;
  pass.result = add_gradients(*loader.next(), where, executor, parameters,
                              {.settings = settings, .processes = processes});
  for (const auto& [name, tensor] : parameters)
    (tensor.requires_grad() ? pass.gradients : pass.buffers)[name] =
        tensor.requires_grad() ? tensor.grad() : tensor.detach();
  return pass;
}

// Largest difference, relative to the largest number.
double difference(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).abs().max() / a.abs().max()).item<double>();
}

void expect_equal(const Pass& alone, const Pass& other) {
  EXPECT_NEAR(other.result.loss_sum, alone.result.loss_sum, 1e-5 * alone.result.loss_sum);
  EXPECT_EQ(other.result.correct, alone.result.correct);
  EXPECT_EQ(other.result.images, alone.result.images);
  for (const auto& [name, gradient] : alone.gradients)
    EXPECT_LT(difference(gradient, other.gradients.at(name)), 1e-5) << name;
  for (const auto& [name, buffer] : alone.buffers)
    EXPECT_LT(difference(buffer, other.buffers.at(name)), 1e-6) << name;
}

void expect_same_gradients(int bits, const std::string& scheme, int count, size_t batch) {
  SCOPED_TRACE(testing::Message() << bits << " bits, " << scheme);
  const graph::Network network = block(bits, scheme);
  const data::Dataset set = images(batch);
  const Pass alone = pass_over(network, set, nullptr);
  together(count,
           [&](const Processes& processes) { expect_equal(alone, pass_over(network, set, &processes)); });
}

TEST(Processes, HaveTheGradientsOfOne) {
  SKIP_WITHOUT_C10D();
  at::set_num_threads(1);
  expect_same_gradients(32, "", 2, 12);
  expect_same_gradients(32, "", 2, 11);  // shares of 5 and 6
  expect_same_gradients(32, "", 3, 10);
  for (const char* scheme : {"pact", "pact_plus", "lsq"}) expect_same_gradients(4, scheme, 2, 12);
}

// Over the kernels of a GPU, and images placed there, with the numbers of processes on the CPU.
TEST(Processes, HaveThemTheWayOfAGpuToo) {
  SKIP_WITHOUT_C10D();
  at::set_num_threads(1);
  const graph::Network network = block(4, "pact");
  const data::Dataset set = images(11);
  const Pass on_cpu = pass_over(network, set, nullptr);
  const EmulatedGpu emulated(kernels::kCuda_emulated);
  expect_equal(on_cpu, pass_over(network, set, nullptr));
  expect_same_gradients(4, "pact", 2, 11);
}

}  // namespace
}  // namespace pact::train
