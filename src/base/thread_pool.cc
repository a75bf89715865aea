#include "base/thread_pool.h"

#include <limits>

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
  workers_.reserve(static_cast<size_t>(threads - 1));
  for (int worker = 1; worker < threads; ++worker) workers_.emplace_back([this, worker] { serve(worker); });
}

ThreadPool::~ThreadPool() {
  stopping_.store(true);
  generation_.fetch_add(1);
  generation_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run(const Loop& loop) {
  if (workers_.empty() || loop.count <= 1) {
    for (int64_t index = 0; index < loop.count; ++index) loop.call(loop.context, index, 0);
    return;
  }
  // A claim is valid for whichever loop is current, so a thread that wakes late does no harm: loop_ changes only
  // when every claimed index is done.
  PACT_CHECK(loop.count <= std::numeric_limits<int>::max());
  const int count = static_cast<int>(loop.count);
  loop_ = loop;
  caller_core_.store(current_core(), std::memory_order_relaxed);
  done_.store(0, std::memory_order_relaxed);
  remaining_.store(count, std::memory_order_release);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  work_off(0);
  for (int done; (done = done_.load(std::memory_order_acquire)) != count;) wait_while(done_, done);
}

void ThreadPool::work_off(int worker) {
  int left = remaining_.load(std::memory_order_acquire);
  while (left > 0) {
    if (!remaining_.compare_exchange_weak(left, left - 1, std::memory_order_acq_rel)) continue;
    const Loop loop = loop_;
    loop.call(loop.context, loop.count - left, worker);
    if (done_.fetch_add(1, std::memory_order_acq_rel) + 1 == loop.count) done_.notify_one();
    left = remaining_.load(std::memory_order_acquire);
  }
}

void ThreadPool::serve(int worker) {
  for (uint32_t seen = 0;;) {
    wait_while(generation_, seen);
    seen = generation_.load(std::memory_order_acquire);
    if (stopping_.load()) return;
    const int core = current_core();
    if (core >= 0 && core == caller_core_.load(std::memory_order_relaxed)) leave_core(core);
    work_off(worker);
  }
}

}  // namespace pact
