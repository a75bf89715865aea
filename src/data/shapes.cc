#include "data/shapes.h"

#include <algorithm>
#include <thread>

#include "base/error.h"
#include "base/random.h"
#include "base/strings.h"
#include "data/drawing.h"
#include "data/figures.h"

namespace pact::data {
namespace {

constexpr long long kMaxImages = 1'000'000;  // 3 GB
constexpr uint64_t kTrainStream =
    0x5a11;  // apart from the epoch numbers, which a loader with the same seed uses
constexpr uint64_t kTestStream = 0x7e57;  // as streams

struct Options {
  long long train = 16000;
  long long test = 4000;
  long long seed = 1;
};

Options parse_options(const std::string& text) {
  Options options;
  if (text.empty()) return options;
  for (const std::string& item : split(text, ',')) {
    const size_t equals = std::min(item.find('='), item.size());
    const std::string key = item.substr(0, equals);
    const bool is_seed = key == "seed";
    if (!is_seed && key != "train" && key != "test") {
      fail("{}, as in shapes:train=16000,test=4000,seed=1",
           unknown_name("option of shapes", key, {"train", "test", "seed"}));
    }
    const auto number = parse_integer(std::string_view(item).substr(std::min(equals + 1, item.size())));
    if (!number || *number < (is_seed ? 0 : 1) || (!is_seed && *number > kMaxImages)) {
      fail("shapes: '{}' is no good; {} must be a whole number {}", item, key,
           is_seed ? std::string("from 0") : fmt::format("from 1 to {}", kMaxImages));
    }
    (is_seed ? options.seed : key == "train" ? options.train : options.test) = *number;
  }
  return options;
}

void draw_images(Dataset& set, size_t count, uint64_t seed, uint64_t stream) {
  set.labels.resize(count);
  set.pixels.resize(count * set.image.pixels());
  const size_t threads = std::clamp<size_t>(std::thread::hardware_concurrency(), 1, count);
  const auto draw_share = [&](size_t thread) {
    for (size_t i = thread * count / threads; i < (thread + 1) * count / threads; ++i) {
      Random random(seed, stream, i);
      const int label = static_cast<int>(i % kFigureCount);
      set.labels[i] = static_cast<uint16_t>(label);
      draw(label, random, std::span(set.pixels).subspan(i * set.image.pixels(), set.image.pixels()));
    }
  };
  std::vector<std::jthread> others;
  for (size_t t = 1; t < threads; ++t) others.emplace_back(draw_share, t);
  draw_share(0);
}

}  // namespace

Dataset describe_shapes(const std::string& text) {
  parse_options(text);  // what is wrong with them is told
  Dataset set;
  set.image = {kDrawingSide, kDrawingSide, kDrawingChannels};
  for (const Figure& figure : figures()) set.classes.push_back(figure.name);
  set.normalization = {.mean = {128, 128, 128}, .std = {64, 64, 64}};  // exact in binary, as for cifar10
  return set;
}

TrainTest load_shapes(const std::string& text, Part part) {
  const Options options = parse_options(text);
  const uint64_t seed = static_cast<uint64_t>(options.seed);
  TrainTest loaded{describe_shapes(text), describe_shapes(text)};
  if (part != Part::test) draw_images(loaded.train, static_cast<size_t>(options.train), seed, kTrainStream);
  if (part != Part::train) draw_images(loaded.test, static_cast<size_t>(options.test), seed, kTestStream);
  return loaded;
}

}  // namespace pact::data
