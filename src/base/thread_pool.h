// Threads that wait for loops to share. A loop of an engine takes microseconds, so idle threads spin a short
// while before they sleep, and handing out work allocates nothing. A worker that finds itself on the caller's core
// leaves it.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace pact {

class ThreadPool {
 public:
  // `threads` in total, the caller's among them: 1 starts none. Throws Error below 1.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls body(index, worker) once per index in [0, count), count < 2^31, in no order; worker is in
  // [0, threads()) and never runs twice at a time. Returns when all are done. The body must not throw and must
  // not call the pool. One caller at a time. A thread that the system leaves waiting delays only the index
  // that it has begun.
  template <typename Body>
  void parallel_for(int64_t count, const Body& body) {
    run({[](const void* context, int64_t index, int worker) {
           (*static_cast<const Body*>(context))(index, worker);
         },
         &body, count});
  }

 private:
  struct Loop {
    void (*call)(const void* context, int64_t index, int worker) = nullptr;
    const void* context = nullptr;
    int64_t count = 0;
  };

  void run(const Loop& loop);
  void work_off(int worker);
  void serve(int worker);

  Loop loop_;
  std::atomic<int> remaining_{0};  // indices that nobody has claimed
  std::atomic<int> done_{0};       // indices whose call has returned
  std::atomic<uint32_t> generation_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<int> caller_core_{-1};
  std::vector<std::thread> workers_;
};

}  // namespace pact
