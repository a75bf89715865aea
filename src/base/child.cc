#include "base/child.h"

#include <fcntl.h>
#include <spawn.h>
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

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
std::atomic<int> noted_signal{0};
static_assert(std::atomic<int>::is_always_lock_free);  // a handler may then write it

void note_signal(int signal) { noted_signal = signal; }

// Notes the signals that ask a process to end, for as long as it lives. Those that are ignored, as SIGHUP
// under nohup, stay so.
class NotedSignals {
 public:
  NotedSignals() {
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
  }
  NotedSignals(const NotedSignals&) = delete;
  NotedSignals& operator=(const NotedSignals&) = delete;

 private:
  struct sigaction before_[std::size(kSignals)] {};
};

// What posix_spawn is told, freed again.
class SpawnPlan {
 public:
  explicit SpawnPlan(const ChildOptions& options) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, options.log.c_str(),
                                       O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ::posix_spawn_file_actions_adddup2(&actions_, STDOUT_FILENO, STDERR_FILENO);
    if (!options.folder.empty())
      ::posix_spawn_file_actions_addchdir_np(&actions_, options.folder.c_str());
    // Handlers fall away by themselves; what is ignored here must not be ignored there.
    sigset_t usual;
    ::sigemptyset(&usual);
    for (const int signal : kSignals) ::sigaddset(&usual, signal);
    ::posix_spawnattr_setsigdefault(&attributes_, &usual);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  int spawn(pid_t* id, std::vector<std::string> words) const {
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    return ::posix_spawnp(id, pointers[0], &actions_, &attributes_, pointers.data(), environ);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

// The status of a child that has ended; where SIGCHLD is ignored nobody keeps it, and it counts as a failure.
bool has_ended(pid_t id, int& status) {
  const pid_t found = ::waitpid(id, &status, WNOHANG);
  if (found < 0 && errno == EINTR) return false;
  if (found < 0) status = -1;
  return found != 0;
}

// Politely, then not; returns when nothing of the group is left, or after seconds all the same, since what is
// stuck in the kernel answers to no signal.
void end_group(pid_t id) {
  for (const int signal : {SIGTERM, SIGKILL}) {
    ::kill(-id, signal);
    for (const auto end = Clock::now() + std::chrono::seconds(3); Clock::now() < end;) {
      int ignored = 0;
      has_ended(id, ignored);
      if (::kill(-id, 0) != 0) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
}

}  // namespace

bool succeeds(const std::vector<std::string>& words, const ChildOptions& options) {
  PACT_CHECK(!words.empty());
  const NotedSignals noted;
  pid_t id = 0;
  const int code = SpawnPlan(options).spawn(&id, words);
  if (code == ENOENT || code == EACCES) return false;
  if (code != 0) fail("{} cannot be started: {}", words[0], std::strerror(code));
  const auto began = Clock::now();
  auto told = began;
  int status = 0;
  while (!has_ended(id, status)) {
    if (const int signal = noted_signal; signal != 0) {
      end_group(id);
      throw Interrupted(signal, fmt::format("interrupted while {} ran", words[0]));
    }
    const auto now = Clock::now();
    if (options.on_waiting && now - told > std::chrono::milliseconds(100)) {
      told = now;
      options.on_waiting(std::chrono::duration<double>(now - began).count());
    }
    // Short programs are not kept waiting, long ones not asked too often.
    std::this_thread::sleep_for(std::chrono::milliseconds(now - began > std::chrono::seconds(1) ? 20 : 1));
  }
  // A signal that came with the end: it must not be lost.
  if (const int signal = noted_signal; signal != 0)
    throw Interrupted(signal, fmt::format("interrupted while {} ran", words[0]));
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace pact
