#include "base/child.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <iterator>
#include <thread>

extern char** environ;

namespace pact {
namespace {

using Clock = std::chrono::steady_clock;

// SIGPIPE is among them since who pipes what we say into `head` ends us as surely as Ctrl-C.
constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
std::atomic<int> noted_signal{0};
static_assert(std::atomic<int>::is_always_lock_free);  // a handler may then write it
std::atomic<bool> is_noting{false};

void note_signal(int signal) { noted_signal = signal; }

// Notes the signals that ask a process to end, for as long as it lives. Those that are ignored, as SIGHUP
// under nohup, stay so.
class NotedSignals {
 public:
  NotedSignals() {
    PACT_CHECK(!is_noting.exchange(true));
    noted_signal = 0;
    struct sigaction ours {};
    ours.sa_handler = note_signal;
    ours.sa_flags = SA_RESTART;
    for (size_t i = 0; i < std::size(kSignals); ++i) {
      ::sigaction(kSignals[i], nullptr, &before_[i]);
      if (before_[i].sa_handler != SIG_IGN) ::sigaction(kSignals[i], &ours, nullptr);
    }
  }
  ~NotedSignals() {
    for (size_t i = 0; i < std::size(kSignals); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
    is_noting = false;
  }
  NotedSignals(const NotedSignals&) = delete;
  NotedSignals& operator=(const NotedSignals&) = delete;

 private:
  struct sigaction before_[std::size(kSignals)] {};
};

// Whoever loses its parent meanwhile becomes our child, so that we can wait for it.
class AdoptedOrphans {
 public:
  AdoptedOrphans() {
    ::prctl(PR_GET_CHILD_SUBREAPER, &before_);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  }
  ~AdoptedOrphans() { ::prctl(PR_SET_CHILD_SUBREAPER, before_); }
  AdoptedOrphans(const AdoptedOrphans&) = delete;
  AdoptedOrphans& operator=(const AdoptedOrphans&) = delete;

 private:
  int before_ = 0;
};

class Log {
 public:
  explicit Log(const std::filesystem::path& path)
      : fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) {
    if (fd_ < 0) fail("{}: cannot be written: {}", path.string(), std::strerror(errno));
  }
  ~Log() { ::close(fd_); }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

// What posix_spawn is told, freed again.
class SpawnPlan {
 public:
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  // The code of posix_spawnp.
  int spawn(pid_t* id, std::vector<std::string> words, const ChildOptions& options) {
    const Log log(options.log);
    // Standard input last: where ours is closed, the log has its number.
    must(::posix_spawn_file_actions_adddup2(&actions_, log.fd(), STDOUT_FILENO));
    must(::posix_spawn_file_actions_adddup2(&actions_, STDOUT_FILENO, STDERR_FILENO));
    must(::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0));
    if (!options.folder.empty()) {
      if (::access((options.folder / ".").c_str(), X_OK) != 0)
        fail("{}: cannot be entered: {}", options.folder.string(), std::strerror(errno));
      must(::posix_spawn_file_actions_addchdir_np(&actions_, options.folder.c_str()));
    }
    // Handlers fall away by themselves; what is ignored here must not be ignored there.
    sigset_t usual;
    ::sigemptyset(&usual);
    for (const int signal : kSignals) ::sigaddset(&usual, signal);
    must(::posix_spawnattr_setsigdefault(&attributes_, &usual));
    must(::posix_spawnattr_setpgroup(&attributes_, 0));
    must(::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF));
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    return ::posix_spawnp(id, pointers[0], &actions_, &attributes_, pointers.data(), environ);
  }

 private:
  static void must(int code) {
    if (code != 0) fail("no program can be started: {}", std::strerror(code));
  }

  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

// A child with its group, which ends no later than this object.
class Group {
 public:
  explicit Group(pid_t id) : id_(id) {}
  ~Group() {
    if (!has_ended_) end();
  }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  bool has_ended() {
    const pid_t found = ::waitpid(id_, &status_, WNOHANG);
    if (found < 0 && errno == EINTR) return false;
    if (found < 0) status_ = -1;  // where SIGCHLD is ignored nobody keeps the status: a failure
    return has_ended_ = found != 0;
  }
  bool has_succeeded() const { return WIFEXITED(status_) && WEXITSTATUS(status_) == 0; }

 private:
  // Politely, then not; returns when nothing of the group is left, or after seconds all the same, since what
  // is stuck in the kernel answers to no signal.
  void end() const {
    for (const int signal : {SIGTERM, SIGKILL}) {
      ::kill(-id_, signal);
      for (const auto end = Clock::now() + std::chrono::seconds(3); Clock::now() < end;) {
        while (::waitpid(-id_, nullptr, WNOHANG) > 0) continue;
        if (::kill(-id_, 0) != 0) return;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
    }
  }

  pid_t id_;
  int status_ = -1;
  bool has_ended_ = false;
};

// Returns also when a signal was noted: the group is then gone, and what it would have said does not count.
bool run_until_noted(const std::vector<std::string>& words, const ChildOptions& options) {
  pid_t id = 0;
  const int code = SpawnPlan().spawn(&id, words, options);
  if (code == ENOENT || code == EACCES) return false;
  if (code != 0) fail("{} cannot be started: {}", words[0], std::strerror(code));
  Group group(id);
  const auto began = Clock::now();
  auto told = began;
  while (!group.has_ended()) {
    if (noted_signal != 0) return false;
    const auto now = Clock::now();
    if (options.on_waiting && now - told > std::chrono::milliseconds(100)) {
      told = now;
      options.on_waiting(std::chrono::duration<double>(now - began).count());
    }
    // Short programs are not kept waiting, long ones not asked too often.
    std::this_thread::sleep_for(std::chrono::milliseconds(now - began > std::chrono::seconds(1) ? 20 : 1));
  }
  return group.has_succeeded();
}

void throw_if_noted(const std::string& program) {
  if (const int signal = noted_signal; signal != 0)
    throw Interrupted(signal, fmt::format("interrupted while {} ran", program));
}

}  // namespace

bool succeeds(const std::vector<std::string>& words, const ChildOptions& options) {
  PACT_CHECK(!words.empty());
  bool has_succeeded = false;
  // A signal is looked for only when the handlers of before are back: none can come between and be lost.
  try {
    const NotedSignals noted;
    const AdoptedOrphans adopted;
    has_succeeded = run_until_noted(words, options);
  } catch (...) {
    throw_if_noted(words[0]);
    throw;
  }
  throw_if_noted(words[0]);
  return has_succeeded;
}

}  // namespace pact
