// The public interfaces against the reference evaluator, and every way of calling them wrongly.
#include <gtest/gtest.h>

#include <atomic>
#include <span>
#include <thread>

#include <pact/engine.h>
#include <pact/pact.h>

#include "base/caught.h"
#include "base/cpu.h"
#include "base/strings.h"
#include "engine/engine.h"
#include "graph/text.h"
#include "model_file/model_file.h"
#include "reference/evaluate.h"
#include "reference/random_network.h"

namespace pact {
namespace {

constexpr int64_t kImages = 5;

std::string file_of(const graph::Network& network) { return model_file::serialize({network, {}}); }

Engine engine_of(const std::string& bytes, const EngineOptions& options = {}) {
  return Engine::from_memory(bytes.data(), bytes.size(), options);
}

// [H,W,C] of one image after the other, from [C,H,W].
std::vector<uint8_t> interleaved(const std::vector<uint8_t>& planar, const std::vector<int64_t>& shape) {
  std::vector<uint8_t> pixels(planar.size());
  const size_t channels = static_cast<size_t>(shape[0]), area = static_cast<size_t>(shape[1] * shape[2]);
  for (size_t i = 0; i < planar.size(); ++i) {
    const size_t image = i / (channels * area), channel = i / area % channels, pixel = i % area;
    pixels[image * channels * area + pixel * channels + channel] = planar[i];
  }
  return pixels;
}

// Pixels 0..255 to the mean of each channel; takes floats, or bytes and turns them into floats.
graph::Network float_network() {
  return {graph::parse(
              "graph means\ninput x: f32[N,2,2,2]\nlogits: f32[N,2] = global_avg_pool(x)\noutput logits\n",
              "means"),
          {}};
}

TEST(Library, GivesTheBitsOfTheReference) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    const graph::Network network = reference::random_integer_network(seed);
    const graph::Tensor input = reference::random_input(network, kImages, seed);
    const graph::Tensor expected = reference::evaluate(network, input);
    const auto scores = expected.as<float>();
    const std::string bytes = file_of(network);
    for (const Isa isa : available_isas()) {
      Engine engine = engine_of(bytes, {.threads = 1 + static_cast<int>(seed % 2),
                                        .max_batch = 1 + static_cast<int64_t>(seed % 3),
                                        .instruction_set = std::string(name_of(isa))});
      EXPECT_EQ(engine.instruction_set(), name_of(isa));
      EXPECT_EQ(engine.output().count * kImages, scores.size());
      if (engine.input().type != ElementType::u8) continue;
      const std::span<const uint8_t> elements = input.as<uint8_t>();
      const std::vector<uint8_t> planar(elements.begin(), elements.end());
      const std::vector<float> wanted(scores.begin(), scores.end());
      ASSERT_EQ(engine.run(planar), wanted) << "seed " << seed << " on " << name_of(isa);
      ASSERT_EQ(engine.run(interleaved(planar, engine.input().shape), PixelOrder::interleaved), wanted)
          << "seed " << seed << " on " << name_of(isa);
    }
  }
}

TEST(Library, DescribesTheNetwork) {
  const std::string bytes = model_file::serialize({float_network(), {"left", "right"}});
  const Engine engine = engine_of(bytes, {.threads = 2});
  EXPECT_EQ(engine.name(), "means");
  EXPECT_EQ(engine.input().name, "x");
  EXPECT_EQ(engine.input().type, ElementType::f32);
  EXPECT_EQ(engine.input().shape, (std::vector<int64_t>{2, 2, 2}));
  EXPECT_EQ(engine.input().count, 8u);
  EXPECT_EQ(engine.output().shape, (std::vector<int64_t>{2}));
  EXPECT_EQ(engine.classes(), (std::vector<std::string>{"left", "right"}));
  EXPECT_EQ(engine.threads(), 2);
}

TEST(Library, NetworksThatTakeFloatsTakeBytesToo) {
  Engine engine = engine_of(file_of(float_network()), {.max_batch = 2});
  const std::vector<uint8_t> planar = {0, 4, 8, 12, 255, 255, 255, 251, 1, 1, 1, 1,
                                       2, 2, 2, 2,  0,   0,   0,   0,   4, 4, 4, 4};
  const std::vector<float> wanted = {6, 254, 1, 2, 0, 4};
  EXPECT_EQ(engine.run(planar), wanted);
  EXPECT_EQ(engine.run(interleaved(planar, {2, 2, 2}), PixelOrder::interleaved), wanted);
  const std::vector<float> values(planar.begin(), planar.end());
  std::vector<float> scores(6);
  engine.run(values.data(), 3, scores.data());
  EXPECT_EQ(scores, wanted);
}

TEST(Library, OneEngineServesSeveralThreads) {
  const graph::Network network = reference::random_integer_network(3);
  const graph::Tensor input = reference::random_input(network, 1, 3);
  Engine engine = engine_of(file_of(network), {.threads = 2});
  if (engine.input().type != ElementType::u8) GTEST_SKIP() << "seed 3 takes floats";
  const std::vector<uint8_t> pixels(input.as<uint8_t>().begin(), input.as<uint8_t>().end());
  const std::vector<float> wanted = engine.run(pixels);
  std::atomic<int> wrong{0};
  std::vector<std::jthread> callers;
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([&] {
      for (int k = 0; k < 20; ++k) wrong += engine.run(pixels) != wanted;
    });
  callers.clear();
  EXPECT_EQ(wrong, 0);
}

TEST(Library, RefusesWrongCalls) {
  const std::string bytes = file_of(float_network());
  const auto refusal = [&](const EngineOptions& options) {
    return caught([&] { engine_of(bytes, options); });
  };
  EXPECT_PRED2(contains, refusal({.threads = -1}), "threads");
  EXPECT_PRED2(contains, refusal({.threads = 100000}), "threads");
  EXPECT_PRED2(contains, refusal({.max_batch = 0}), "max_batch");
  EXPECT_PRED2(contains, refusal({.max_batch = int64_t{1} << 62}), "max_batch");
  EXPECT_PRED2(contains, refusal({.instruction_set = "z80"}), "this CPU offers portable");
  EXPECT_PRED2(contains, refusal({.max_memory_bytes = 10}), "max_memory_bytes");
  EXPECT_PRED2(contains, caught([] { Engine("/nowhere/m.pact"); }), "/nowhere/m.pact");
  EXPECT_PRED2(contains, caught([] { Engine::from_memory(nullptr, 3); }), "null");
  Engine engine = engine_of(bytes);
  float scores[2];
  const uint8_t pixels[8] = {};
  EXPECT_PRED2(contains, caught([&] { engine.run(static_cast<const uint8_t*>(nullptr), 1, scores); }),
               "null");
  EXPECT_PRED2(contains, caught([&] { engine.run(pixels, 1, nullptr); }), "null");
  EXPECT_PRED2(contains, caught([&] { engine.run(pixels, 0, scores); }), "0 images");
  EXPECT_PRED2(contains, caught([&] { engine.run(std::vector<uint8_t>(9)); }), "9 pixels");
  EXPECT_PRED2(contains, caught([&] { engine.run(std::vector<uint8_t>()); }), "0 pixels");
}

// A few bytes that describe images of terabytes: refused before anything of that size is asked for.
TEST(Library, RefusesNetworksBeyondTheMemoryLimit) {
  const auto refusal = [](const std::string& text) {
    const std::string bytes = file_of({graph::parse(text, "hostile"), {}});
    return caught([&] { engine_of(bytes); });
  };
  EXPECT_PRED2(contains,
               refusal("graph g\ninput x: u8[N,1,1048576,1048576]\n"
                       "v: f32[N,1,1048576,1048576] = dequantize(x) bits=8 grid=unsigned step=1.0\n"
                       "y: f32[N,1] = global_avg_pool(v)\noutput y\n"),
               "node 'v'");
  EXPECT_PRED2(
      contains,
      refusal("graph g\ninput x: f32[N,1,1,1]\n"
              "p: f32[N,1,1,1] = avg_pool(x) kernel=[1,1] strides=[1,1]\n"
              "v: f32[N,1,2097152,2097152] = pad(p) before=[0,1048576,1048576] after=[0,1048575,1048575]\n"
              "y: f32[N,1] = global_avg_pool(v)\noutput y\n"),
      "node 'v'");
  // Each value is small enough, but all are alive at once.
  const auto many = [&](int count) {
    std::string text = "graph g\ninput x: f32[N,1,4096,4096]\n";
    for (int k = 0; k < count; ++k) text += fmt::format("r{}: f32[N,1,4096,4096] = relu(x)\n", k);
    for (int k = 1; k < count; ++k)
      text += fmt::format("s{}: f32[N,1,4096,4096] = add({}, r{})\n", k,
                          k == 1 ? "r0" : fmt::format("s{}", k - 1), k);
    return refusal(text + fmt::format("y: f32[N,1] = global_avg_pool(s{})\noutput y\n", count - 1));
  };
  EXPECT_PRED2(contains, many(40), "node 'r31': about");
  EXPECT_PRED2(contains, many(20), "graph g: values and scratch memory take");
  EXPECT_PRED2(contains, many(20), "more than max_memory_bytes = 1073741824");
}

// The limit is what the plan takes, to the byte.
TEST(Library, TakesNetworksUpToTheMemoryLimit) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    const graph::Network network = reference::random_integer_network(seed);
    const std::string bytes = file_of(network);
    EngineOptions options{.threads = 1 + static_cast<int>(seed % 2),
                          .max_batch = std::vector<int64_t>{1, 3, 64, 5000}[seed % 4]};
    const engine::Engine planned(
        network, {.isa = selected_isa(), .threads = options.threads, .max_batch = options.max_batch});
    options.max_memory_bytes = planned.memory_bytes();
    EXPECT_EQ(caught([&] { engine_of(bytes, options); }), "") << seed;
    --options.max_memory_bytes;
    EXPECT_PRED2(contains, caught([&] { engine_of(bytes, options); }),
                 fmt::format("more than max_memory_bytes = {}", options.max_memory_bytes));
  }
}

// All images of this batch at once would take gigabytes; the plan runs its layers with as many as a cache holds.
TEST(Library, TakesLargeBatchesOfLargeImages) {
  const std::string bytes = file_of(
      {graph::parse("graph g\ninput x: u8[N,3,224,224]\n"
                    "v: f32[N,3,224,224] = dequantize(x) bits=8 grid=unsigned step=1.0\n"
                    "p: f32[N,3,112,112] = avg_pool(v) kernel=[2,2] strides=[2,2]\n"
                    "y: f32[N,3] = global_avg_pool(p)\noutput y\n",
                    "large"),
       {}});
  EXPECT_EQ(caught([&] { engine_of(bytes, {.max_batch = 4096, .max_memory_bytes = 80'000'000}); }), "");
}

TEST(Library, MemoryThatIsNotToBeHadIsToldWithItsSize) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers end a program that asks for so much";
#endif
  const std::string bytes = file_of(  // 2^50 bytes, more than addresses reach
      {graph::parse("graph g\ninput x: u8[N,1,16777216,16777216]\n"
                    "v: f32[N,1,16777216,16777216] = dequantize(x) bits=8 grid=unsigned step=1.0\n"
                    "y: f32[N,1] = global_avg_pool(v)\noutput y\n",
                    "vast"),
       {}});
  const std::string told = caught([&] { engine_of(bytes, {.max_memory_bytes = SIZE_MAX}); });
  EXPECT_PRED2(contains, told, "the model in memory: graph g: values and scratch memory take 14073");
  EXPECT_PRED2(contains, told, "a batch of up to 1 image on 1 thread, and so much memory is not to be had");
}

class CInterface : public testing::Test {
 protected:
  void SetUp() override {
    bytes_ = model_file::serialize({float_network(), {"left", "right"}});
    ASSERT_EQ(pact_load_memory(bytes_.data(), bytes_.size(), nullptr, &engine_), PACT_OK)
        << pact_last_error();
  }
  void TearDown() override { pact_free(engine_); }

  // The call fails with `status` and a message that has `part`.
  static void expect_refused(pact_status given, pact_status status, const std::string& part) {
    EXPECT_EQ(given, status);
    EXPECT_PRED2(contains, std::string(pact_last_error()), part);
  }

  std::string bytes_;
  pact_engine* engine_ = nullptr;
};

TEST_F(CInterface, RunsAndDescribes) {
  const uint8_t pixels[] = {0, 10, 0, 10, 0, 10, 0, 10};
  float scores[2] = {};
  EXPECT_EQ(pact_run_u8(engine_, pixels, 8, PACT_INTERLEAVED, 1, scores, 2), PACT_OK);
  EXPECT_EQ(scores[0], 0.0f);
  EXPECT_EQ(scores[1], 10.0f);
  const float values[] = {1, 1, 1, 1, 3, 3, 3, 3};
  EXPECT_EQ(pact_run_f32(engine_, values, 8, 1, scores, 2), PACT_OK);
  EXPECT_EQ(scores[1], 3.0f);
  pact_tensor_info info;
  EXPECT_EQ(pact_input(engine_, &info), PACT_OK);
  EXPECT_EQ(info.rank, 3u);
  EXPECT_EQ(info.count, 8u);
  EXPECT_EQ(info.type, PACT_F32);
  EXPECT_EQ(pact_output(engine_, &info), PACT_OK);
  EXPECT_EQ(info.shape[0], 2);
  EXPECT_STREQ(pact_name(engine_), "means");
  EXPECT_EQ(pact_class_count(engine_), 2u);
  EXPECT_STREQ(pact_class_name(engine_, 1), "right");
  EXPECT_EQ(pact_class_name(engine_, 2), nullptr);
}

TEST_F(CInterface, RefusesNullPointersAndWrongSizes) {
  const uint8_t pixels[16] = {};
  float scores[4] = {};
  pact_engine* other = engine_;
  pact_tensor_info info;
  expect_refused(pact_load(nullptr, nullptr, &other), PACT_USAGE, "path");
  EXPECT_EQ(other, nullptr) << "a failed load leaves no engine";
  expect_refused(pact_load("x", nullptr, nullptr), PACT_USAGE, "engine");
  expect_refused(pact_load("/nowhere/m.pact", nullptr, &other), PACT_BAD_INPUT, "/nowhere/m.pact");
  expect_refused(pact_load_memory(nullptr, 5, nullptr, &other), PACT_USAGE, "bytes");
  expect_refused(pact_load_memory(bytes_.data(), bytes_.size() - 1, nullptr, &other), PACT_BAD_INPUT,
                 "memory");
  expect_refused(pact_run_u8(nullptr, pixels, 8, PACT_PLANAR, 1, scores, 2), PACT_USAGE, "engine");
  expect_refused(pact_run_u8(engine_, nullptr, 8, PACT_PLANAR, 1, scores, 2), PACT_USAGE, "pixels");
  expect_refused(pact_run_u8(engine_, pixels, 8, PACT_PLANAR, 1, nullptr, 2), PACT_USAGE, "scores");
  expect_refused(pact_run_u8(engine_, pixels, 7, PACT_PLANAR, 1, scores, 2), PACT_USAGE, "pixels has 7");
  expect_refused(pact_run_u8(engine_, pixels, 8, PACT_PLANAR, 1, scores, 1), PACT_USAGE, "scores has 1");
  expect_refused(pact_run_u8(engine_, pixels, 0, PACT_PLANAR, 0, scores, 0), PACT_USAGE, "0 images");
  expect_refused(pact_run_u8(engine_, pixels, 8, PACT_PLANAR, SIZE_MAX, scores, 2), PACT_USAGE, "pixels");
  expect_refused(pact_run_u8(engine_, pixels, 8, 3, 1, scores, 2), PACT_USAGE, "order");
  expect_refused(pact_input(engine_, nullptr), PACT_USAGE, "info");
  expect_refused(pact_output(nullptr, &info), PACT_USAGE, "engine");
  EXPECT_EQ(pact_name(nullptr), nullptr);
  EXPECT_EQ(pact_class_count(nullptr), 0u);
  pact_free(nullptr);
}

TEST_F(CInterface, ReadsOptions) {
  pact_options options = PACT_DEFAULT_OPTIONS;
  pact_engine* other = nullptr;
  options.threads = 2;
  options.instruction_set = "portable";
  ASSERT_EQ(pact_load_memory(bytes_.data(), bytes_.size(), &options, &other), PACT_OK) << pact_last_error();
  EXPECT_STREQ(pact_instruction_set(other), "portable");
  pact_free(other);
  options.instruction_set = "z80";
  expect_refused(pact_load_memory(bytes_.data(), bytes_.size(), &options, &other), PACT_UNSUPPORTED, "z80");
  options = {};
  expect_refused(pact_load_memory(bytes_.data(), bytes_.size(), &options, &other), PACT_USAGE, "struct_size");
}

TEST_F(CInterface, KeepsTheErrorOfEachThread) {
  pact_input(nullptr, nullptr);
  std::string theirs = "?";
  std::jthread([&] { theirs = pact_last_error(); }).join();
  EXPECT_EQ(theirs, "");
  EXPECT_PRED2(contains, std::string(pact_last_error()), "engine");
}

}  // namespace
}  // namespace pact
