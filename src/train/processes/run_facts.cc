#include "train/processes/run_facts.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/checksum.h"
#include "base/version.h"
#include "graph/text.h"

namespace pact::train {
namespace {

// Of all labels and of some images, which lie all over the set.
std::string checksum_of(const data::Dataset& set) {
  const size_t images = std::min<size_t>(64, set.count());
  const std::string_view labels(reinterpret_cast<const char*>(set.labels.data()),
                                set.labels.size() * sizeof set.labels[0]);
  uint32_t sum = crc32(labels);
  std::vector<uint8_t> pixels(set.image.pixels());
  for (size_t i = 0; i < images; ++i) {
    set.read(i * set.count() / images, pixels);
    sum = crc32({reinterpret_cast<const char*>(pixels.data()), pixels.size()}, sum);
  }
  return fmt::format("{} images, checksum {:08x}", set.count(), sum);
}

}  // namespace

Facts facts_of(const TrainRequest& request, const std::string& precision) {
  Facts facts = {{"version", kVersion},
                 {"network", request.network_name},
                 {"its checksum", fmt::format("{:08x}", crc32(graph::print(request.network.graph)))},
                 {"training data", checksum_of(*request.train)},
                 {"test data", checksum_of(*request.test)},
                 {"precision", precision},
                 {"resume", request.continuation == Continuation::resume ? "yes" : "no"}};
  const nlohmann::ordered_json settings = to_json(request.settings);
  for (const auto& [name, value] : settings.items())
    if (name != "threads" && name != "loader_threads" && name != "precision")
      facts.emplace_back(name, value.dump());
  return facts;
}

}  // namespace pact::train
