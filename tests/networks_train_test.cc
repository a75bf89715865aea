// Every network of the zoo through settling, a run of two steps, and back from its directory into integers.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/caught.h"
#include "base/cpu.h"
#include "base/error.h"
#include "engine/engine.h"
#include "model_file/run_network.h"
#include "passes/lower/lower.h"
#include "small_networks.h"
#include "train/settle.h"
#include "train/trainer.h"

namespace pact {
namespace {

namespace fs = std::filesystem;

class NetworksTrain : public ::testing::TestWithParam<zoo::ZooEntry> {};

data::Dataset made_data(const zoo::InputSpec& input, size_t count, uint64_t seed) {
  data::Dataset set;
  set.name = "made";
  set.image = {static_cast<int>(input.height), static_cast<int>(input.width),
               static_cast<int>(input.channels)};
  for (int64_t c = 0; c < input.classes; ++c) set.classes.push_back(fmt::format("class{}", c));
  set.normalization = {input.mean, input.std};
  Random random(seed);
  for (size_t i = 0; i < count; ++i) {
    set.labels.push_back(static_cast<uint16_t>(i % set.classes.size()));
    for (size_t p = 0; p < set.image.pixels(); ++p)
      set.pixels.push_back(static_cast<uint8_t>(random.below(256)));
  }
  return set;
}

// Throws what settling throws.
void expect_a_step_and_back(const zoo::ZooEntry& entry, passes::Shortcuts shortcuts) {
  const zoo::InputSpec input = small_input(entry);
  graph::Network network = small_quantized(entry, 4, shortcuts);
  const data::Dataset train = made_data(input, 8, 1), test = made_data(input, 4, 2);
  train::settle(network, train.pixels);
  const fs::path directory = fs::temp_directory_path() / fmt::format("networks-{}-{}", entry.name, getpid());
  train::Settings settings;
  settings.weights = settings.activations = 4;
  settings.epochs = 1;
  settings.batch = 4;
  settings.rate = 0.01;
  settings.threads = 1;
  const train::TrainResult result = train::train({.network = network,
                                                  .settings = settings,
                                                  .train = &train,
                                                  .test = &test,
                                                  .directory = directory,
                                                  .network_name = entry.name,
                                                  .command = "test"},
                                                 {});
  EXPECT_EQ(result.outcome, train::Outcome::finished);
  EXPECT_TRUE(std::isfinite(result.test_loss));

  const graph::Network trained = model_file::load_network(directory);
  fs::remove_all(directory);
  // What quantizers read has moved: all weights, and levels, but for those that clip nothing on so few
  // images.
  int levels = 0, moved = 0;
  for (const graph::Node& node : trained.graph.nodes()) {
    if (node.op != graph::Op::quant) continue;
    for (const graph::ValueId read : node.inputs) {
      const graph::Value& value = trained.graph.value(read);
      if (value.kind != graph::ValueKind::parameter) continue;
      const bool has_moved = trained.tensors.at(value.name) != network.tensors.at(value.name);
      const bool is_level = value.name.ends_with(".alpha");
      EXPECT_TRUE(has_moved || is_level) << value.name;
      levels += is_level ? 1 : 0;
      moved += is_level && has_moved ? 1 : 0;
    }
  }
  EXPECT_GT(2 * moved, levels);

  // The integer network predicts what evaluation in training did, but for ties.
  const data::Evaluation evaluation = train::evaluate(trained, test, {.threads = 1});
  engine::Engine engine(passes::lower(trained), {.isa = selected_isa(), .threads = 1, .max_batch = 4});
  graph::Tensor images =
      graph::Tensor::zeros(graph::DataType::u8, {4, input.channels, input.height, input.width});
  const size_t area = static_cast<size_t>(input.height * input.width),
               channels = static_cast<size_t>(input.channels);
  for (size_t i = 0; i < 4; ++i)
    for (size_t p = 0; p < area; ++p)
      for (size_t c = 0; c < channels; ++c)
        images.as<uint8_t>()[(i * channels + c) * area + p] = test.pixels_of(i)[p * channels + c];
  const graph::Tensor scores = engine.run(images);
  int same = 0;
  for (size_t i = 0; i < 4; ++i) {
    const auto row = scores.as<float>().subspan(10 * i, 10);
    same += std::ranges::max_element(row) - row.begin() == evaluation.predictions[i];
  }
  EXPECT_GE(same, 3);
}

TEST_P(NetworksTrain, TakeAStepAndComeBack) {
  try {
    expect_a_step_and_back(GetParam(), passes::Shortcuts::real);
  } catch (const Error& error) {
    if (!contains(error.what(), "are trained")) throw;
    GTEST_SKIP() << error.what();
  }
}

// Shortcuts with a slice and a pad, plain ones, and such of both signs.
TEST(NetworksTrain, TakeAStepAndComeBackWithCodedShortcuts) {
  for (const char* name : {"resnet8", "resnet18", "mobilenetv2"}) {
    SCOPED_TRACE(name);
    expect_a_step_and_back(zoo::find_entry(name), passes::Shortcuts::codes);
  }
}

INSTANTIATE_TEST_SUITE_P(Zoo, NetworksTrain, ::testing::ValuesIn(zoo::catalog()), [](const auto& tested) {
  std::string name = tested.param.name;
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
}  // namespace pact
