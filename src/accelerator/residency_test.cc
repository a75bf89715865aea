// The search for what stays on chip against all possibilities, on networks small enough to try them.
#include "accelerator/residency.h"

#include <gtest/gtest.h>

#include "accelerator/residency_program.h"
#include "accelerator/test_networks.h"

namespace pact::accelerator {
namespace {

class Search : public testing::TestWithParam<std::tuple<int, double, double>> {
 protected:
  Search()
      : workload_(small_workload(std::get<0>(GetParam()))),
        chip_(parse_accelerator(description(kFamily, memory(64, 1)), "chip.json")) {
    for (const Layer& layer : workload_.layers) costs_.emplace_back(layer, chip_, inner_bits(workload_), 1);
    room_ = static_cast<int64_t>(std::get<1>(GetParam()) * 8192);
    model_.emplace(workload_, costs_, ResidencyModel::Options{1, room_, std::get<2>(GetParam())});
  }

  bool fits(const Residency& one) const {
    for (size_t layer = 0; layer < model_->layers(); ++layer)
      if (model_->pinned_bits(one) + model_->live_bits(layer, one.kept) > room_) return false;
    return true;
  }

  // The best of all sets of tensors, and of weights when `free_pins`.
  TimeAndTraffic best_of_all(const std::vector<char>* pins) const {
    TimeAndTraffic best{1e300, 0};
    const size_t tensors = workload_.tensors.size(), layers = model_->layers();
    for (uint32_t kept = 0; kept < (1U << tensors); ++kept) {
      Residency one = model_->nothing_stays();
      bool allowed = true;
      for (size_t i = 0; i < tensors; ++i) {
        one.kept[i] = (kept >> i & 1) != 0;
        allowed = allowed && (!one.kept[i] || model_->may_stay(i));
      }
      if (!allowed) continue;
      for (uint32_t pinned = 0; pinned < (pins ? 1U : 1U << layers); ++pinned) {
        for (size_t i = 0; i < layers; ++i) one.pinned[i] = pins ? (*pins)[i] : (pinned >> i & 1) != 0;
        if (fits(one)) best = std::min(best, model_->total(one));
      }
    }
    return best;
  }

  Workload workload_;
  Accelerator chip_;
  std::vector<LayerCost> costs_;
  int64_t room_;
  std::optional<ResidencyModel> model_;
};

TEST_P(Search, KeepsTheBestTensors) {
  Residency one = model_->nothing_stays();
  one.kept = keep_tensors(*model_, one.pinned, room_);
  EXPECT_TRUE(fits(one));
  EXPECT_EQ(model_->total(one), best_of_all(&one.pinned));
}

TEST_P(Search, OptimalIsTheBestOfAllUpToItsUnit) {
  const Residency greedy = find_residency(*model_, ResidencySearch::greedy);
  const Residency optimal = find_residency(*model_, ResidencySearch::optimal);
  EXPECT_TRUE(fits(greedy));
  EXPECT_TRUE(fits(optimal));
  const TimeAndTraffic best = best_of_all(nullptr), found = model_->total(optimal);
  EXPECT_LE(best, found);
  EXPECT_LE(found, model_->total(greedy));
  // Rounding weights up to 1/32 of the room can cost the last layer that would just have fitted.
  EXPECT_LE(found.cycles, best.cycles * 1.05);
  EXPECT_LE(model_->total(greedy).cycles, model_->total(model_->nothing_stays()).cycles);
}

INSTANTIATE_TEST_SUITE_P(Rooms, Search,
                         testing::Combine(testing::Values(16, 4),
                                          testing::Values(0.5, 2.0, 5.0, 9.0, 20.0, 60.0),
                                          testing::Values(2.0, 16.0)));

}  // namespace
}  // namespace pact::accelerator
