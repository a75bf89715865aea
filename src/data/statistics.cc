#include "data/statistics.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <thread>

#include "base/cpu.h"
#include "base/error.h"
#include "base/words.h"
#include "data/damaged_files.h"

namespace pact::data {

// Sums of bytes and of their squares are integers, so neither their order nor the number of threads matters.
Statistics measure(const Dataset& dataset, const std::function<void(int64_t)>& on_progress) {
  constexpr size_t kStride = 64;
  const size_t channels = static_cast<size_t>(dataset.image.channels), count = dataset.count();
  Statistics statistics{std::vector<int64_t>(dataset.classes.size()), {}, {}};
  for (const uint16_t label : dataset.labels) ++statistics.of_class.at(label);
  std::vector<uint64_t> sums(channels), squares(channels);
  std::vector<DamagedFile> damaged;
  std::mutex mutex;  // guards all above
  std::atomic<size_t> next = 0;
  const auto measure_share = [&](size_t thread) {
    std::vector<uint8_t> image(dataset.image.pixels());
    std::vector<uint64_t> own(channels), own_squares(channels);
    for (size_t begin = next.fetch_add(kStride); begin < count; begin = next.fetch_add(kStride)) {
      for (size_t i = begin; i < std::min(count, begin + kStride); ++i) {
        try {
          dataset.read(i, image);
        } catch (const Error& error) {
          const std::lock_guard lock(mutex);
          damaged.push_back({i, error.what()});
          continue;
        }
        for (size_t at = 0; at < image.size(); at += channels)
          for (size_t c = 0; c < channels; ++c) {
            own[c] += image[at + c];
            own_squares[c] += uint64_t{image[at + c]} * image[at + c];
          }
      }
      if (thread == 0) on_progress(static_cast<int64_t>(begin));
    }
    const std::lock_guard lock(mutex);
    for (size_t c = 0; c < channels; ++c) sums[c] += own[c], squares[c] += own_squares[c];
  };
  {
    std::vector<std::jthread> others;
    for (size_t t = 1; t < static_cast<size_t>(usable_cores()); ++t) others.emplace_back(measure_share, t);
    measure_share(0);
  }
  std::ranges::sort(damaged, {}, &DamagedFile::index);
  if (!damaged.empty())
    fail("{}: {} of {} cannot be read:{}", dataset.name, damaged.size(),
         counted(static_cast<long long>(count), "image"), list_of(damaged));
  const double pixels = static_cast<double>(count * (dataset.image.pixels() / channels));
  for (size_t c = 0; c < channels && count > 0; ++c) {
    const double mean = static_cast<double>(sums[c]) / pixels;
    statistics.mean.push_back(mean);
    statistics.std.push_back(
        std::sqrt(std::max(0.0, static_cast<double>(squares[c]) / pixels - mean * mean)));
  }
  return statistics;
}

}  // namespace pact::data
