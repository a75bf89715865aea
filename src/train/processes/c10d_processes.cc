// Processes over libtorch's c10d: a TCPStore at process 0 is the meeting place and the board, gloo adds up.
// c10d's own calls block until a timeout when a process further away is lost; here they run beside a watch
// (watch.h), which ends the wait.

#include "train/processes/processes.h"

#if defined(USE_C10D_GLOO) && __has_include(<gloo/rendezvous/store.h>)

#include <sched.h>
#include <unistd.h>

#include <condition_variable>
#include <cstring>
#include <fstream>
#include <mutex>
#include <thread>

#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "base/strings.h"
#include "train/processes/meeting_place.h"
#include "train/processes/short_sums.h"
#include "train/processes/watch.h"
#include "train/torch.h"

namespace pact::train {
namespace {

using Clock = std::chrono::steady_clock;
using StorePtr = c10::intrusive_ptr<c10d::TCPStore>;
using WorkPtr = decltype(std::declval<c10d::ProcessGroupGloo>().barrier());
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

std::string own_host() {
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  return host;
}

std::string own_name() { return fmt::format("number {} on {}", ::getpid(), own_host()); }

// The same for all processes that run on the same cores: which start of which machine, and which of its
// cores. Host names will not do, since containers of one machine have different ones.
std::string own_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  ::sched_getaffinity(0, sizeof set, &set);
  std::string text;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> text;
  if (text.empty()) text = own_host();
  for (int core = 0; core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(core, &set)) text += fmt::format(" {}", core);
  return text;
}

class C10dProcesses : public Processes {
 public:
  explicit C10dProcesses(const JoinOptions& options)
      : membership_(options.membership), timeout_(options.timeout) {
    const std::vector<std::string> names = meet(options);
    watch_ = std::make_unique<Watch>(std::make_unique<StoreBoard>(client()),
                                     WatchOptions{.rank = rank(), .names = names, .patience = timeout_});
    const std::vector<std::string> cores = gather("cores", own_cores());
    sharers_ = static_cast<int>(std::ranges::count(cores, own_cores()));
    connect();
    if (count() <= ShortSums::kMostProcesses) connect_short_sums();
  }

  ~C10dProcesses() override {
    if (!has_left_) leave(lost_ ? "" : "it ended early");
    watch_.reset();
    // What waits in gloo for a lost process waits on; the end of this process ends it.
    if (lost_) static_cast<void>(group_.release());
  }

  int rank() const override { return membership_.rank; }
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
    watch_->leave(why);
  }

 private:
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
      await_listener(membership_.address, membership_.port, options.timeout);
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
      if (rank() == 0) options.while_waiting();
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

  void connect() {
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
    std::vector<at::Tensor> tensors = {at::empty({static_cast<int64_t>(count)}, type)};
    std::memcpy(tensors[0].data_ptr(), numbers, count * sizeof(Number));
    try {
      wait(call(tensors));
    } catch (const LostProcess&) {
      throw;
    } catch (const std::exception& error) {
      lose(watch_->verdict_after(first_line(error.what())));
    }
    std::memcpy(numbers, tensors[0].data_ptr(), count * sizeof(Number));
  }

  void wait(const WorkPtr& work) const {
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

  [[noreturn]] void lose(const std::string& verdict) const {
    lost_ = true;
    throw LostProcess(verdict);
  }

  Membership membership_;
  const std::chrono::seconds timeout_;
  int sharers_ = 1;
  StorePtr store_;
  std::unique_ptr<Watch> watch_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
  std::unique_ptr<ShortSums> short_sums_;
  mutable bool lost_ = false;
  bool has_left_ = false;
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
       "headers of gloo (Debian: libgloo-dev)",
       options.membership.launcher, options.membership.count);
}

}  // namespace pact::train

#endif
