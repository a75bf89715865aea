#include "api_train/launch.h"

#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/strings.h"

extern char** environ;

namespace pact::api {
namespace {

using Clock = std::chrono::steady_clock;

std::vector<std::string> own_arguments() {
  std::vector<std::string> arguments;
  std::ifstream file("/proc/self/cmdline");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.empty()) fail("/proc does not tell the arguments of this process; start the others by a launcher");
  for (size_t at = 0; at < text.size(); at += arguments.back().size() + 1)
    arguments.push_back(text.c_str() + at);
  return arguments;
}

std::vector<std::string> environment_of(int rank, int count, int port) {
  const std::vector<std::pair<std::string, std::string>> ours = {
      {"RANK", std::to_string(rank)},       {"WORLD_SIZE", std::to_string(count)},
      {"LOCAL_RANK", std::to_string(rank)}, {"LOCAL_WORLD_SIZE", std::to_string(count)},
      {"MASTER_ADDR", "127.0.0.1"},         {"MASTER_PORT", std::to_string(port)}};
  std::set<std::string> names;
  std::vector<std::string> variables;
  for (const auto& [name, value] : ours) {
    names.insert(name);
    variables.push_back(name + "=" + value);
  }
  for (char** variable = environ; *variable; ++variable)
    if (!names.contains(std::string(*variable, std::strcspn(*variable, "="))))
      variables.emplace_back(*variable);
  return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Where SIGCHLD is ignored, there is no child to be waited for once it has ended.
bool has_ended(pid_t id) {
  const pid_t found = ::waitpid(id, nullptr, WNOHANG);
  return found != 0 && !(found < 0 && errno == EINTR);
}

}  // namespace

// What throws after the constructor that this one calls is followed by the destructor, which waits for those
// that were started.
Children::Children(int count, int port) : Children() {
  std::vector<std::string> arguments = own_arguments();
  for (int rank = 1; rank < count; ++rank) {
    std::vector<std::string> variables = environment_of(rank, count, port);
    pid_t id = 0;
    const int code = ::posix_spawn(&id, "/proc/self/exe", nullptr, nullptr, pointers_to(arguments).data(),
                                   pointers_to(variables).data());
    if (code != 0) {
      for (const Child& child : children_) ::kill(child.id, SIGKILL);  // they have nothing to save yet
      fail("process {} of {} cannot be started: {}", rank, count, std::strerror(code));
    }
    children_.push_back({rank, id});
  }
}

void Children::require_running() {
  for (Child& child : children_) {
    if (child.has_ended || !has_ended(child.id)) continue;
    child.has_ended = true;
    fail("process {} of {} ended as it began; what it said stands above", child.rank, children_.size() + 1);
  }
}

Children::~Children() {
  constexpr std::chrono::seconds kPatience[] = {std::chrono::seconds(20), std::chrono::seconds(5)};
  constexpr int kSignals[] = {SIGTERM, SIGKILL};
  for (int round = 0; round < 3; ++round) {
    const Clock::time_point end = round < 2 ? Clock::now() + kPatience[round] : Clock::time_point::max();
    bool some_run = true;
    while (some_run && Clock::now() < end) {
      some_run = false;
      for (Child& child : children_) {
        if (!child.has_ended) child.has_ended = has_ended(child.id);
        some_run = some_run || !child.has_ended;
      }
      if (some_run) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    if (!some_run) return;
    for (const Child& child : children_)
      if (!child.has_ended) ::kill(child.id, kSignals[round]);
  }
}

}  // namespace pact::api
