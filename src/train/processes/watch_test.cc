#include "train/processes/watch.h"

#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "base/caught.h"

namespace pact::train {
namespace {

struct Words {
  std::mutex mutex;
  std::map<std::string, std::string> by_key;
  bool out_of_reach = false;
};

class SharedBoard : public Board {
 public:
  explicit SharedBoard(Words& words) : words_(words) {}
  void put(const std::string& key, const std::string& text) override {
    const std::lock_guard lock(words_.mutex);
    require_reach();
    words_.by_key[key] = text;
  }
  std::optional<std::string> find(const std::string& key) override {
    const std::lock_guard lock(words_.mutex);
    require_reach();
    const auto found = words_.by_key.find(key);
    return found == words_.by_key.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  void require_reach() const {
    if (words_.out_of_reach) throw std::runtime_error("no answer");
  }
  Words& words_;
};

std::vector<std::unique_ptr<Watch>> watches(Words& words, int count, std::chrono::milliseconds patience) {
  std::vector<std::unique_ptr<Watch>> all;
  std::vector<std::string> names;
  for (int rank = 0; rank < count; ++rank) names.push_back("number " + std::to_string(100 + rank));
  for (int rank = 0; rank < count; ++rank)
    all.push_back(std::make_unique<Watch>(std::make_unique<SharedBoard>(words),
                                          WatchOptions{.rank = rank,
                                                       .names = names,
                                                       .beat = std::chrono::milliseconds(10),
                                                       .grace = std::chrono::milliseconds(200),
                                                       .patience = patience}));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  return all;
}

std::string awaited(const Watch& watch) {
  for (int i = 0; i < 500; ++i) {
    if (const auto verdict = watch.verdict()) return *verdict;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return "none";
}

constexpr std::chrono::milliseconds kLong{60'000};

TEST(Watch, BlamesTheOneThatIsGoneAndNotThoseThatNoticed) {
  Words words;
  auto all = watches(words, 3, kLong);
  all[1].reset();  // without last words
  const std::string verdict = all[2]->verdict_after("connection closed by peer");
  EXPECT_TRUE(contains(verdict, "process 1 (number 101) of 3 is missing")) << verdict;
  EXPECT_EQ(awaited(*all[0]), verdict);
}

TEST(Watch, PassesOnWhyAProcessGaveUp) {
  Words words;
  auto all = watches(words, 3, kLong);
  all[2]->leave("the loss became nan");
  EXPECT_EQ(awaited(*all[1]), "process 2 (number 102) gave up: the loss became nan");
  EXPECT_EQ(awaited(*all[0]), "process 2 (number 102) gave up: the loss became nan");
}

TEST(Watch, TellsWhenTheFirstProcessIsOutOfReach) {
  Words words;
  auto all = watches(words, 2, kLong);
  {
    const std::lock_guard lock(words.mutex);
    words.out_of_reach = true;
  }
  EXPECT_TRUE(contains(awaited(*all[1]), "process 0 (number 100) of 2 is missing")) << awaited(*all[1]);
}

TEST(Watch, GivesUpASilentProcessAfterItsPatience) {
  Words words;
  auto all = watches(words, 3, std::chrono::milliseconds(400));
  all[2].reset();  // nothing breaks
  EXPECT_TRUE(contains(awaited(*all[1]), "process 2 (number 102) of 3 is missing")) << awaited(*all[1]);
}

TEST(Watch, SaysNothingOfProcessesThatHaveFinished) {
  Words words;
  auto all = watches(words, 3, std::chrono::milliseconds(400));
  all[1]->leave("");
  all[2]->leave("");
  all[1].reset(), all[2].reset();
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  EXPECT_FALSE(all[0]->verdict());
  const auto start = std::chrono::steady_clock::now();
  all[0]->leave("");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(200));
}

}  // namespace
}  // namespace pact::train
