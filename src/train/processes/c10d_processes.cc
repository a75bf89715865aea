// Processes over libtorch's c10d: a TCPStore at process 0 is the meeting place and the board, gloo adds up.
// c10d's own calls block until a timeout when a process further away is lost; here they run beside a watch
// (watch.h), which ends the wait.

#include "train/processes/processes.h"

// gloo for the CPU, where its headers are to be had; nccl for GPUs (cmake/layers.cmake).
#if defined(PACT_GLOO) && defined(USE_C10D_GLOO) && __has_include(<gloo/rendezvous/store.h>)
#define PACT_HAS_GLOO
#endif
#if defined(PACT_CUDA) && defined(USE_C10D_NCCL) && __has_include(<nccl.h>)
#define PACT_HAS_NCCL
#endif

#if defined(PACT_HAS_GLOO) || defined(PACT_HAS_NCCL)

#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

#ifdef PACT_HAS_GLOO
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#endif
#ifdef PACT_HAS_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "base/strings.h"
#include "train/gpu.h"
#include "train/processes/meeting_place.h"
#include "train/processes/own_place.h"
#include "train/processes/short_sums.h"
#include "train/processes/watch.h"
#include "train/torch.h"

namespace pact::train {
namespace {

using Clock = std::chrono::steady_clock;
using StorePtr = c10::intrusive_ptr<c10d::TCPStore>;
#ifdef PACT_HAS_NCCL
using Collectives = c10d::Backend;
#else
using Collectives = c10d::ProcessGroupGloo;  // an old libtorch's, which has no class above it to share
#endif
using WorkPtr = decltype(std::declval<Collectives>().barrier());
constexpr std::chrono::milliseconds kPoll{20};

class StoreBoard : public Board {
 public:
  explicit StoreBoard(StorePtr store) : store_(std::move(store)) {}
  void put(const std::string& key, const std::string& text) override {
    store_->set(key, std::vector<uint8_t>(text.begin(), text.end()));
  }
  std::optional<std::string> find(const std::string& key) override {
    if (!store_->check({key})) return std::nullopt;
    const std::vector<uint8_t> bytes = store_->get(key);
    return std::string(bytes.begin(), bytes.end());
  }

 private:
  StorePtr store_;
};

// The first line of what libtorch says; the rest is a listing of its own calls.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

c10d::TCPStoreOptions store_options(int port, std::chrono::seconds timeout) {
  c10d::TCPStoreOptions o;
  o.port = static_cast<uint16_t>(port);
  o.timeout = timeout;
  o.waitWorkers = false;
  return o;
}

class C10dProcesses : public Processes {
 public:
  explicit C10dProcesses(const JoinOptions& options)
      : membership_(options.membership),
        timeout_(options.timeout),
        device_(device_named(options.carrier == Carrier::nccl ? "cuda" : "cpu", membership_.local_rank)) {
    const std::vector<std::string> names = meet(options);
    watch_ = std::make_unique<Watch>(std::make_unique<StoreBoard>(client()),
                                     WatchOptions{.rank = rank(), .names = names, .patience = timeout_});
    const std::vector<std::string> cores = gather("cores", own_cores());
    sharers_ = static_cast<int>(std::ranges::count(cores, own_cores()));
    device_.is_cpu() ? connect_by_gloo() : connect_by_nccl();
    if (count() <= ShortSums::kMostProcesses) connect_short_sums();
  }

  ~C10dProcesses() override {
    if (!has_left_) leave(lost_ ? "" : "it ended early");
    watch_.reset();
    // What waits in the group for a lost process waits on; the end of this process ends it.
    if (lost_) static_cast<void>(group_.release());
    if (has_finished_) shut_down(*group_);
  }

  int rank() const override { return membership_.rank; }
  int local_rank() const override { return membership_.local_rank; }
  int count() const override { return membership_.count; }
  int sharers() const override { return sharers_; }

  void sum(std::span<float> numbers) const override { sum_as(numbers, at::kFloat); }
  void sum(std::span<double> numbers) const override {
    if (!short_sums_ || numbers.size() > ShortSums::kMostNumbers) return sum_as(numbers, at::kDouble);
    try {
      short_sums_->sum(numbers, [&] { require_all(); });
    } catch (const LostProcess&) {
      throw;
    } catch (const std::exception& error) {
      lose(watch_->verdict_after(error.what()));
    }
  }

  void sum_on_gpu(std::span<float> numbers) const override { sum_there(numbers, at::kFloat); }
  void sum_on_gpu(std::span<double> numbers) const override { sum_there(numbers, at::kDouble); }

  void copy_first(std::span<std::byte> bytes) const override {
    carry(bytes.data(), bytes.size(), at::kByte,
          [&](std::vector<at::Tensor>& t) { return group_->broadcast(t); });
  }

  std::vector<std::string> gather(const std::string& key, const std::string& text) const override {
    std::vector<std::string> texts;
    try {
      StoreBoard board(store_);
      board.put(fmt::format("{}/{}", key, rank()), text);
      for (int other = 0; other < count();) {
        if (const auto found = board.find(fmt::format("{}/{}", key, other))) {
          texts.push_back(*found), ++other;
          continue;
        }
        require_all();
        std::this_thread::sleep_for(kPoll);
      }
    } catch (const LostProcess&) {
      throw;
    } catch (const std::exception& error) {
      lose(watch_->verdict_after(first_line(error.what())));
    }
    return texts;
  }

  void leave(const std::string& why) override {
    has_left_ = true;
    has_finished_ = why.empty() && !lost_;
    watch_->leave(why);
  }

 private:
  // nccl wants it of groups that are no longer used; gloo has no such call.
  template <typename Group>
  static void shut_down(Group& group) {
    if constexpr (requires { group.shutdown(); }) group.shutdown();
  }

  // Waits until all have come; their names.
  std::vector<std::string> meet(const JoinOptions& options) {
    const Clock::time_point end = Clock::now() + options.timeout;
    if (options.membership.rank == 0) {
      c10d::TCPStoreOptions o = store_options(membership_.port, timeout_);
      o.isServer = true;
      try {
        store_ = c10::make_intrusive<c10d::TCPStore>("localhost", o);
      } catch (const std::exception& error) {
        fail("process 0 cannot listen on port {}: {}. Give another one in MASTER_PORT, to all processes",
             membership_.port, first_line(error.what()));
      }
      membership_.port = store_->getPort();
      options.on_listening(membership_.port);
    } else {
      await_listener(membership_.address, membership_.port, options.timeout, options.while_waiting);
      store_ = client();
    }
    StoreBoard board(store_);
    board.put(fmt::format("joined/{}", rank()), own_name());
    while (true) {
      std::vector<std::string> names, absent;
      for (int other = 0; other < count(); ++other) {
        const auto name = board.find(fmt::format("joined/{}", other));
        name ? names.push_back(*name) : absent.push_back(std::to_string(other));
      }
      if (absent.empty()) return names;
      options.while_waiting();
      if (Clock::now() > end)
        fail(
            "of {} processes ({}), these have not come within {} s: {}. If this was to be one process, unset "
            "the variables of the launcher; --process-timeout says how long to wait",
            count(), membership_.launcher, options.timeout.count(), join_words(absent));
      std::this_thread::sleep_for(kPoll);
    }
  }

  static std::string join_words(const std::vector<std::string>& words) { return pact::join(words, ", "); }

  StorePtr client() const {
    const std::string address = rank() == 0 ? "localhost" : membership_.address;
    try {
      return c10::make_intrusive<c10d::TCPStore>(address, store_options(membership_.port, timeout_));
    } catch (const std::exception& error) {
      fail("process 0 at {}, port {}, cannot be met: {}", address, membership_.port,
           first_line(error.what()));
    }
  }

#ifdef PACT_HAS_NCCL
  void connect_by_nccl() {
    const std::vector<std::string> gpus = gather("gpus", identity_of(device_));
    if (std::ranges::count(gpus, gpus[static_cast<size_t>(rank())]) > 1)
      fail(
          "several processes have the same GPU, and nccl wants one for each. Start as many on a machine as "
          "it "
          "has GPUs");
    // What happens when one is lost is decided here (wait_on_gpu). nccl's group would end the process, and
    // torchrun asks it to.
    for (const char* name :
         {"TORCH_NCCL_ASYNC_ERROR_HANDLING", "TORCH_NCCL_ENABLE_MONITORING", "TORCH_NCCL_DUMP_ON_TIMEOUT"})
      ::setenv(name, "0", /*overwrite=*/1);
    const auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = std::chrono::duration_cast<std::chrono::milliseconds>(timeout_);
    group_ = c10::make_intrusive<c10d::ProcessGroupNCCL>(store_, rank(), count(), options);
  }
#else
  void connect_by_nccl() {
    fail(ErrorKind::unsupported,
         "{} processes on GPUs take a libtorch with nccl, and its header: docs/gpu.md", count());
  }
#endif

#ifndef PACT_HAS_GLOO
  void connect_by_gloo() {
    fail(ErrorKind::unsupported,
         "{} processes on the CPU, and this pact was built for one: its libtorch comes without the headers "
         "of gloo. "
         "With --device cuda nccl carries them",
         count());
  }
#else
  void connect_by_gloo() {
    const auto options = c10d::ProcessGroupGloo::Options::create(timeout_);
    const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
    const std::string address = membership_.address.empty() ? "localhost" : membership_.address;
    try {
      options->devices.push_back(
          interface && *interface ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
                                  : c10d::ProcessGroupGloo::createDeviceForHostname(
                                        own_address_towards(address, membership_.port)));
      group_ = c10::make_intrusive<c10d::ProcessGroupGloo>(store_, rank(), count(), options);
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {
      fail(
          "the processes have met, but cannot connect to each other: {}. Where a machine has several "
          "networks, GLOO_SOCKET_IFNAME names the interface to use",
          first_line(error.what()));
    }
  }
#endif

  // Process 0 says on the board where.
  void connect_short_sums() {
    if (rank() != 0) {
      const std::string port = gather("port", "")[0];
      short_sums_ = std::make_unique<ShortSums>(connected_to(membership_.address, std::stoi(port)), rank());
      return;
    }
    int port = 0;
    Socket listener = listen_for(membership_.address, &port);
    gather("port", std::to_string(port));
    short_sums_ = std::make_unique<ShortSums>(std::move(listener), count(), [&] { require_all(); });
  }

  void require_all() const {
    if (const auto verdict = watch_->verdict()) lose(*verdict);
  }

  template <typename Number>
  void sum_as(std::span<Number> numbers, at::ScalarType type) const {
    carry(numbers.data(), numbers.size(), type,
          [&](std::vector<at::Tensor>& t) { return group_->allreduce(t); });
  }

  // The numbers travel in a tensor of their own, which an abandoned call may go on to write to.
  template <typename Number, typename Call>
  void carry(Number* numbers, size_t count, at::ScalarType type, const Call& call) const {
    if (count == 0) return;
    at::NoGradGuard no_grad;
    const at::Tensor here = at::empty({static_cast<int64_t>(count)}, type);
    std::memcpy(here.data_ptr(), numbers, count * sizeof(Number));
    std::vector<at::Tensor> tensors = {here.to(device_)};
    wait_for([&] { return call(tensors); });
    const at::Tensor result = tensors[0].to(at::kCPU);
    std::memcpy(numbers, result.data_ptr(), count * sizeof(Number));
  }

  template <typename Number>
  void sum_there(std::span<Number> numbers, at::ScalarType type) const {
    at::NoGradGuard no_grad;
    std::vector<at::Tensor> tensors = {at::from_blob(numbers.data(), {static_cast<int64_t>(numbers.size())},
                                                     at::TensorOptions().dtype(type).device(device_))};
    wait_for([&] { return group_->allreduce(tensors); });
  }

  template <typename Call>
  void wait_for(const Call& call) const {
    try {
      wait(call());
    } catch (const LostProcess&) {
      throw;
    } catch (const std::exception& error) {
      lose(watch_->verdict_after(first_line(error.what())));
    }
  }

  void wait(const WorkPtr& work) const {
    if (!device_.is_cpu()) return wait_on_gpu(work);
    struct Done {
      std::mutex mutex;
      std::condition_variable changed;
      bool is_done = false;
    };
    const auto done = std::make_shared<Done>();
    work->getFuture()->addCallback([done](c10::ivalue::Future&) {
      const std::lock_guard lock(done->mutex);
      done->is_done = true;
      done->changed.notify_all();
    });
    std::unique_lock lock(done->mutex);
    while (!done->changed.wait_for(lock, std::chrono::milliseconds(200), [&] { return done->is_done; }))
      require_all();
    work->wait();  // throws what went wrong
  }

  // The host waits, too: beyond a call that never ends nothing could be told any more. One that broke counts
  // as completed.
  void wait_on_gpu(const WorkPtr& work) const {
    work->wait();  // of the stream for the sum
    for (Clock::time_point asked = Clock::now(); !work->isCompleted(); std::this_thread::yield()) {
      if (Clock::now() - asked < std::chrono::milliseconds(200)) continue;
      require_all();
      asked = Clock::now();
    }
    if (const std::exception_ptr problem = work->exception()) std::rethrow_exception(problem);
  }

  [[noreturn]] void lose(const std::string& verdict) const {
    lost_ = true;
    throw LostProcess(verdict);
  }

  Membership membership_;
  const std::chrono::seconds timeout_;
  const at::Device device_;  // on which numbers travel
  int sharers_ = 1;
  StorePtr store_;
  std::unique_ptr<Watch> watch_;
  c10::intrusive_ptr<Collectives> group_;
  std::unique_ptr<ShortSums> short_sums_;
  mutable bool lost_ = false;
  bool has_left_ = false, has_finished_ = false;
};

}  // namespace

std::unique_ptr<Processes> Processes::join(const JoinOptions& options) {
  try {
    return std::make_unique<C10dProcesses>(options);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    const Membership& own = options.membership;
    const std::string who = own.rank == 0 ? "process 0 failed" : "process 0 at " + own.address + " went away";
    fail("{} while the processes met: {}", who, first_line(error.what()));
  }
}

}  // namespace pact::train

#else

namespace pact::train {

std::unique_ptr<Processes> Processes::join(const JoinOptions& options) {
  fail(ErrorKind::unsupported,
       "{} starts {} processes, but this pact was built for one: it takes a libtorch with c10d and the "
       "headers of gloo (Debian: libgloo-dev), or one with CUDA and nccl (docs/gpu.md)",
       options.membership.launcher, options.membership.count);
}

}  // namespace pact::train

#endif
