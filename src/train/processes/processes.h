// Several processes that train one network together, on one machine or many: what they add up, and what they
// take from the first. libtorch's c10d carries it, by gloo, or by nccl between GPUs; a libtorch without
// trains in one process only.
//
// All processes make the same calls in the same order; each call waits for the others. When one of them is
// lost, the calls of all others throw LostProcess within a few seconds, or the timeout where not even the
// connection broke.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "train/processes/membership.h"

namespace pact::train {

// Says which process is missing, or why another gave up.
class LostProcess : public Error {
 public:
  explicit LostProcess(const std::string& message) : Error(ErrorKind::bad_input, message) {}
};

enum class Carrier { gloo, nccl };

struct JoinOptions {
  Membership membership;
  Carrier carrier = Carrier::gloo;
  std::chrono::seconds timeout{300};  // to meet, and afterwards without a word from a process
  std::function<void(int port)> on_listening = [](int) {};  // process 0 only: once it listens; may throw
  std::function<void()> while_waiting = [] {};              // until all have met; may throw
};

class Processes {
 public:
  // Throws Error: when process 0 is not to be reached, when some do not come, or where libtorch has no c10d.
  static std::unique_ptr<Processes> join(const JoinOptions& options);
  virtual ~Processes() = default;

  virtual int rank() const = 0;
  virtual int local_rank() const = 0;  // among those of its machine
  virtual int count() const = 0;
  bool is_first() const { return rank() == 0; }
  // The processes that may run on the cores of this one, itself included.
  virtual int sharers() const = 0;

  // Replaces each number by its sum over all processes; every process gets the same bits.
  virtual void sum(std::span<float> numbers) const = 0;
  virtual void sum(std::span<double> numbers) const = 0;
  // The same for numbers on the GPU of this process.
  virtual void sum_on_gpu(std::span<float> numbers) const = 0;
  virtual void sum_on_gpu(std::span<double> numbers) const = 0;
  // Replaces the bytes by those of process 0.
  virtual void copy_first(std::span<std::byte> bytes) const = 0;
  // The texts of all processes, in their order. A key is used once.
  virtual std::vector<std::string> gather(const std::string& key, const std::string& text) const = 0;

  // The last words to the others: why this process gives up, or empty when it has finished. Process 0 waits
  // for the others to leave.
  virtual void leave(const std::string& why) = 0;
};

// Settings and data in which processes must agree: what, and how it is here.
using Facts = std::vector<std::pair<std::string, std::string>>;

// Throws Error, in all processes, that lists where some process differs from the first.
void require_same(const Processes& processes, const Facts& facts);

}  // namespace pact::train
