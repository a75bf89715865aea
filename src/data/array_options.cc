#include "data/array_options.h"

#include <cmath>
#include <thread>

#include "base/cpu.h"
#include "data/channels.h"
#include "data/resample.h"

namespace pact::data {
namespace {

constexpr long long kMaxImages = 1LL << 31;

struct Format {
  int size;      // 0: as stored
  int channels;  // likewise
};

Format format_of(const SpecOptions& options) {
  const std::string channels = options.word("channels", {"", "1", "3"});
  return {static_cast<int>(options.integer("size", 0, 8, 1024)), channels.empty()  ? 0
                                                                 : channels == "1" ? 1
                                                                                   : 3};
}

Normalization converted(const Normalization& from, int channels) {
  if (static_cast<int>(from.mean.size()) == channels) return from;
  if (channels == 3) return {std::vector<double>(3, from.mean[0]), std::vector<double>(3, from.std[0])};
  const double mean = 0.299 * from.mean[0] + 0.587 * from.mean[1] + 0.114 * from.mean[2];
  return {{std::nearbyint(mean)}, {from.std[0]}};
}

void convert(Dataset& set, const Format& format) {
  const ImageShape from = set.image;
  ImageShape to = from;
  if (format.size > 0) to.height = to.width = format.size;
  if (format.channels > 0) to.channels = format.channels;
  if (to == from) return;
  set.normalization = converted(set.normalization, to.channels);
  set.image = to;
  std::vector<uint8_t> pixels(set.count() * to.pixels());
  const size_t count = set.count(), threads = static_cast<size_t>(usable_cores());
  const auto convert_share = [&](size_t thread) {
    for (size_t i = thread * count / threads; i < (thread + 1) * count / threads; ++i) {
      const auto bytes = std::span<const uint8_t>(set.pixels).subspan(i * from.pixels(), from.pixels());
      const Image image = with_channels({from, {bytes.begin(), bytes.end()}}, to.channels);
      const Region all{0, 0, static_cast<double>(from.width), static_cast<double>(from.height)};
      resample(image, all, to, Mirror::no, std::span(pixels).subspan(i * to.pixels(), to.pixels()));
    }
  };
  {
    std::vector<std::jthread> others;
    for (size_t t = 1; t < threads; ++t) others.emplace_back(convert_share, t);
    convert_share(0);
  }
  set.pixels = std::move(pixels);
}

}  // namespace

std::vector<std::string> array_options(const std::vector<std::string>& more) {
  std::vector<std::string> names = {"train", "test", "size", "channels"};
  names.insert(names.end(), more.begin(), more.end());
  return names;
}

void apply_array_options(const SpecOptions& options, TrainTest& loaded) {
  loaded.train.keep_first(static_cast<size_t>(options.integer("train", kMaxImages, 1, kMaxImages)));
  loaded.test.keep_first(static_cast<size_t>(options.integer("test", kMaxImages, 1, kMaxImages)));
  convert(loaded.train, format_of(options));
  convert(loaded.test, format_of(options));
}

void apply_array_options(const SpecOptions& options, Dataset& set) { convert(set, format_of(options)); }

}  // namespace pact::data
