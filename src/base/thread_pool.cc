#include "base/thread_pool.h"

#include <limits>
#include <system_error>

#include "base/core_placement.h"
#include "base/error.h"

namespace pact {
namespace {

constexpr int kSpins = 4000;  // some tens of microseconds

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Returns when `variable` is no longer `old`.
template <typename T>
void wait_while(const std::atomic<T>& variable, T old) {
  for (int spin = 0; spin < kSpins; ++spin) {
    if (variable.load(std::memory_order_acquire) != old) return;
    pause();
  }
  variable.wait(old, std::memory_order_acquire);
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  if (threads < 1 || threads > 1024) fail("the number of threads must be from 1 to 1024, not {}", threads);
  shares_ = std::vector<Share>(static_cast<size_t>(threads));
  workers_.reserve(static_cast<size_t>(threads - 1));
  try {
    for (int worker = 1; worker < threads; ++worker) workers_.emplace_back([this, worker] { serve(worker); });
  } catch (const std::system_error& error) {
    stop();
    fail("{} threads could not be started, only {}: {}; take fewer, or raise the limits on memory or "
         "processes",
         threads, workers_.size() + 1, error.code().message());
  } catch (...) {
    stop();
    throw;
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  for (Share& share : shares_) {
    share.unclaimed.store(kStopped);  // sequentially consistent, lest notify_all look for sleepers before it
    share.unclaimed.notify_all();
  }
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run(const Loop& loop) {
  if (shares_.size() == 1 || loop.count <= 1) {
    for (int64_t index = 0; index < loop.count; ++index) loop.call(loop.context, index, 0);
    return;
  }
  // A claim is valid for whichever loop is current, so a thread that comes late does no harm: loop_ changes
  // only when every claimed index is done.
  PACT_CHECK(loop.count <= std::numeric_limits<int>::max());
  const int count = static_cast<int>(loop.count);
  loop_ = loop;
  caller_core_.store(current_core(), std::memory_order_relaxed);
  done_.store(0, std::memory_order_relaxed);
  for (int worker = threads() - 1; worker >= 0; --worker) {
    std::atomic<int>& unclaimed = shares_[static_cast<size_t>(worker)].unclaimed;
    const int share = static_cast<int>(first_of(count, worker + 1) - first_of(count, worker));
    if (share == 0) continue;
    unclaimed.store(share);  // sequentially consistent, as in the destructor
    if (worker > 0) unclaimed.notify_all();
  }
  work_off(0);
  for (int done; (done = done_.load(std::memory_order_acquire)) != count;) wait_while(done_, done);
}

// Returns how many indices of `owner` were done.
int ThreadPool::take_from(int owner, int worker) {
  std::atomic<int>& unclaimed = shares_[static_cast<size_t>(owner)].unclaimed;
  int taken = 0;
  int left = unclaimed.load(std::memory_order_acquire);
  while (left > 0) {
    if (!unclaimed.compare_exchange_weak(left, left - 1, std::memory_order_acq_rel)) continue;
    loop_.call(loop_.context, first_of(loop_.count, owner + 1) - left, worker);
    ++taken;
    left = unclaimed.load(std::memory_order_acquire);
  }
  return taken;
}

// Until what it took is reported, the loop is not over and loop_ stays.
void ThreadPool::work_off(int worker) {
  int taken = 0;
  for (int i = 0; i < threads(); ++i) taken += take_from((worker + i) % threads(), worker);
  if (taken == 0) return;
  const int count = static_cast<int>(loop_.count);
  if (done_.fetch_add(taken, std::memory_order_acq_rel) + taken == count) done_.notify_one();
}

void ThreadPool::serve(int worker) {
  const std::atomic<int>& own = shares_[static_cast<size_t>(worker)].unclaimed;
  for (;;) {
    wait_while(own, 0);
    if (own.load(std::memory_order_acquire) == kStopped) return;
    const int core = current_core();
    if (core >= 0 && core == caller_core_.load(std::memory_order_relaxed)) leave_core(core);
    work_off(worker);
  }
}

}  // namespace pact
