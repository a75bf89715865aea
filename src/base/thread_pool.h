// Threads that wait for loops to share. A loop of an engine takes microseconds, so idle threads spin a short
// while before they sleep, and handing out work allocates nothing. Each worker has a part of the indices of
// its own, the same part of every loop, so that it finds in its cache what it wrote in the loop before;
// whoever is done early takes from the others. A worker that finds itself on the caller's core leaves it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace pact {

class ThreadPool {
 public:
  // `threads` in total, the caller's among them: 1 starts none. Throws Error below 1 and where the system
  // refuses to start so many.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(shares_.size()); }

  // Calls body(index, worker) once per index in [0, count), count < 2^31, in no order; worker is in
  // [0, threads()) and never runs twice at a time. Worker w begins with the w-th of threads() equal parts of
  // the indices, in order. Returns when all are done. The body must not throw and must not call the pool. One
  // caller at a time, but for pools of one thread, which are plain loops. A thread that the system leaves
  // waiting delays only the index that it has begun.
  template <typename Body>
  void parallel_for(int64_t count, const Body& body) {
    run({[](const void* context, int64_t index, int worker) {
           (*static_cast<const Body*>(context))(index, worker);
         },
         &body, count});
  }

 private:
  static constexpr size_t kLine = 128;  // two cache lines, since they are often fetched in pairs

  struct Loop {
    void (*call)(const void* context, int64_t index, int worker) = nullptr;
    const void* context = nullptr;
    int64_t count = 0;
  };

  // The indices of one worker, in a cache line that others touch only when they have none left.
  struct alignas(kLine) Share {
    std::atomic<int> unclaimed{0};
  };

  // Of worker `worker`.
  int64_t first_of(int64_t count, int worker) const { return count * worker / threads(); }
  void stop();
  void run(const Loop& loop);
  int take_from(int owner, int worker);
  void work_off(int worker);
  void serve(int worker);

  static constexpr int kStopped = -1;  // in place of unclaimed indices

  std::vector<Share> shares_;
  alignas(kLine) Loop loop_;
  std::atomic<int> caller_core_{-1};
  alignas(kLine) std::atomic<int> done_{0};  // indices whose call has returned
  std::vector<std::thread> workers_;
};

}  // namespace pact
