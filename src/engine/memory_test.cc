#include "engine/memory.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace pact::engine {
namespace {

TEST(Memory, ValuesOfDifferentTimesShareBytes) {
  // A chain: each value is read by the step that writes the next one.
  const Placement placement =
      place(std::vector<Lifetime>{{100, -1, 0}, {100, 0, 1}, {100, 1, 2}, {50, 2, 3}});
  EXPECT_EQ(placement.total, 256u);
}

TEST(Memory, ValuesAliveTogetherNeverOverlap) {
  Random random(5);
  for (int round = 0; round < 300; ++round) {
    std::vector<Lifetime> lives(1 + random.below(20));
    for (Lifetime& life : lives) {
      life.bytes = random.below(500);
      life.first = static_cast<int>(random.below(20));
      life.last = life.first + static_cast<int>(random.below(6));
    }
    const Placement placement = place(lives);
    for (size_t i = 0; i < lives.size(); ++i) {
      EXPECT_EQ(placement.offsets[i] % kAlignment, 0u);
      EXPECT_LE(placement.offsets[i] + lives[i].bytes, placement.total);
      for (size_t j = 0; j < i; ++j) {
        const bool meet = lives[i].first <= lives[j].last && lives[j].first <= lives[i].last;
        const bool overlap = placement.offsets[i] < placement.offsets[j] + lives[j].bytes &&
                             placement.offsets[j] < placement.offsets[i] + lives[i].bytes;
        EXPECT_FALSE(meet && overlap) << round;
      }
    }
  }
}

}  // namespace
}  // namespace pact::engine
