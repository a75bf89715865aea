#include "base/thread_pool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <numeric>

#include "base/caught.h"
#include "base/error.h"

namespace pact {
namespace {

TEST(ThreadPool, EveryIndexIsDoneOnceByAKnownWorker) {
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (int round = 0; round < 500; ++round) {
      const int64_t count = round % 17;
      std::vector<int> done(static_cast<size_t>(count), 0);
      std::vector<int64_t> sums(static_cast<size_t>(threads), 0);
      pool.parallel_for(count, [&](int64_t index, int worker) {
        ++done[static_cast<size_t>(index)];
        sums.at(static_cast<size_t>(worker)) += index;
      });
      EXPECT_EQ(done, std::vector<int>(static_cast<size_t>(count), 1));
      EXPECT_EQ(std::accumulate(sums.begin(), sums.end(), int64_t{0}), count * (count - 1) / 2);
    }
  }
}

TEST(ThreadPool, TellsThatTheSystemStartsNoMoreThreads) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers need more memory than the limit leaves";
#endif
  const auto start_many = [] {
    const rlimit limit{512 << 20, 512 << 20};  // of addresses; a stack has 8 MB
    setrlimit(RLIMIT_AS, &limit);
    const std::string message = caught([] { ThreadPool pool(1000); });
    std::exit(contains(message, "1000 threads could not be started") ? 0 : 1);
  };
  EXPECT_EXIT(start_many(), testing::ExitedWithCode(0), "");
}

TEST(ThreadPool, WakesThreadsThatSleep) {
  ThreadPool pool(3);
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
    std::atomic<int> done{0};
    pool.parallel_for(100, [&](int64_t, int) { done.fetch_add(1); });
    EXPECT_EQ(done.load(), 100);
  }
}

TEST(ThreadPool, GivesEveryWorkerItsOwnPartOfEveryLoopAndHelpsTheLate) {
  constexpr int64_t kCount = 8;
  ThreadPool pool(2);
  for (int round = 0; round < 20; ++round) {
    std::atomic<bool> has_begun{false}, may_end{false};
    std::atomic<int> rest_of_late{0};
    int64_t first_of_caller = -1;
    // Worker 1 is held at its first index until the caller has done its own part and all that is left of the other.
    pool.parallel_for(kCount, [&](int64_t index, int worker) {
      if (worker == 1 && !has_begun.exchange(true)) {
        EXPECT_EQ(index, kCount / 2);
        while (!may_end) std::this_thread::yield();
        return;
      }
      if (worker == 0 && first_of_caller < 0) {
        first_of_caller = index;
        while (!has_begun) std::this_thread::yield();
      }
      if (index > kCount / 2 && ++rest_of_late == kCount / 2 - 1) may_end = true;
    });
    EXPECT_EQ(first_of_caller, 0);
    EXPECT_EQ(rest_of_late, kCount / 2 - 1);
  }
}

TEST(ThreadPool, EndsWhileItsThreadsFallAsleep) {
  for (int round = 0; round < 200; ++round) {
    ThreadPool pool(3);
    std::this_thread::sleep_for(std::chrono::microseconds(round));
  }
}

TEST(ThreadPool, RefusesNoThreads) { EXPECT_THROW(ThreadPool(0), Error); }

}  // namespace
}  // namespace pact
