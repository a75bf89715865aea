#include "api/random_model.h"

#include <fmt/format.h>

#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "passes/insert_quantizers.h"
#include "quant/grid.h"
#include "zoo/zoo.h"

namespace pact::api {
namespace {

// NHWC bytes: each image is made of patches of its own colours, under noise. Noise alone would make all
// images alike to a network that averages.
std::vector<uint8_t> draw_images(const zoo::InputSpec& input, int64_t count, uint64_t seed) {
  constexpr int64_t kPatches = 7;  // along each side
  std::vector<uint8_t> pixels;
  for (int64_t i = 0; i < count; ++i) {
    Random random(seed, static_cast<uint64_t>(i));
    std::vector<uint64_t> colours(static_cast<size_t>(kPatches * kPatches * input.channels));
    for (uint64_t& colour : colours) colour = random.below(192);
    for (int64_t y = 0; y < input.height; ++y)
      for (int64_t x = 0; x < input.width; ++x)
        for (int64_t c = 0; c < input.channels; ++c) {
          const int64_t patch = y * kPatches / input.height * kPatches + x * kPatches / input.width;
          pixels.push_back(static_cast<uint8_t>(colours[static_cast<size_t>(patch * input.channels + c)] +
                                                random.below(64)));
        }
  }
  return pixels;
}

}  // namespace

graph::Network make_random_model(const std::string& zoo_name, const RandomWeights& random) {
  if (!random.seed)
    fail(
        ErrorKind::usage,
        "{}: is a network of the zoo without numbers. Train it; or, for experiments with speed and tools, "
        "let `pact bench` or `pact export --random-weights SEED` make some up; what they classify means "
        "nothing",
        zoo_name);
  if (!random.settle)
    fail(ErrorKind::unsupported,
         "{}: making up a network takes training, and this pact was built without it; build with "
         "-DPACT_TRAIN=ON",
         zoo_name);
  const zoo::ZooEntry& entry = zoo::find_entry(zoo_name);
  const int weights = random.weights.value_or(8), activations = random.activations.value_or(8);
  graph::Network plain{entry.build(entry.usual_input), {}};
  plain.tensors = zoo::initialize(plain.graph, *random.seed);
  passes::BitPolicy policy{.weights = weights, .activations = activations, .overrides = {}};
  if (random.weight_quantizer) policy.weight_scheme = *random.weight_quantizer;
  if (random.shortcuts) policy.shortcuts = passes::shortcuts_of(*random.shortcuts);
  graph::Network network = passes::insert_quantizers(plain, policy);
  const bool is_float = weights == quant::kFloatBits && activations == quant::kFloatBits;
  network.graph.set_name(is_float ? fmt::format("{}-random", zoo_name)
                                  : fmt::format("{}-w{}a{}-random", zoo_name, weights, activations));
  // At least a few hundred values a channel in the last stage.
  const int64_t images = entry.usual_input.height >= 128 ? 4 : 16;
  random.settle(network, draw_images(entry.usual_input, images, *random.seed));
  return network;
}

}  // namespace pact::api
