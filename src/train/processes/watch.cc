#include "train/processes/watch.h"

#include <fmt/format.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/strings.h"

namespace pact::train {
namespace {

using Clock = std::chrono::steady_clock;

std::string key_of(const char* kind, int rank) { return fmt::format("{}/{}", kind, rank); }

double seconds_of(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

// What process 0 knows of another, or of itself.
struct Seen {
  std::string beat;
  Clock::time_point changed = Clock::now();
  std::optional<std::string> last_words;
};

}  // namespace

struct Watch::State {
  const WatchOptions options;
  const std::unique_ptr<Board> board;

  // Of the thread alone.
  std::vector<Seen> seen;
  int64_t beats = 0;
  std::optional<Clock::time_point> trouble_since;

  mutable std::mutex mutex;  // guards all below
  std::condition_variable changed;
  bool stopping = false, stopped = false;
  std::optional<std::string> symptom, last_words;  // to be put on the board
  bool words_are_out = false, all_have_left = false;
  std::optional<std::string> verdict;

  State(std::unique_ptr<Board> b, const WatchOptions& o)
      : options(o), board(std::move(b)), seen(o.names.size()) {}

  int count() const { return static_cast<int>(seen.size()); }

  std::string called(int rank) const {
    return fmt::format("process {} ({})", rank, options.names[static_cast<size_t>(rank)]);
  }

  void set_verdict(const std::string& text) {
    const std::lock_guard lock(mutex);
    if (!verdict) verdict = text;
    changed.notify_all();
  }

  // Puts on the board what this process has to say.
  void speak() {
    std::optional<std::string> trouble, words;
    {
      const std::lock_guard lock(mutex);
      trouble = std::exchange(symptom, std::nullopt);
      if (!words_are_out) words = last_words;
    }
    board->put(key_of("beat", options.rank), std::to_string(++beats));
    if (trouble) board->put("trouble", *trouble);
    if (!words) return;
    board->put(key_of("left", options.rank), *words);
    if (!words->empty()) board->put("trouble", "");
    const std::lock_guard lock(mutex);
    words_are_out = true;
    changed.notify_all();
  }

  void look(int rank) {
    Seen& s = seen[static_cast<size_t>(rank)];
    if (s.last_words) return;
    s.last_words = board->find(key_of("left", rank));
    const std::string beat = board->find(key_of("beat", rank)).value_or("");
    if (beat != s.beat) s.beat = beat, s.changed = Clock::now();
  }

  std::vector<std::string> silent_for(Clock::duration duration) const {
    std::vector<std::string> list;
    for (int rank = 0; rank < count(); ++rank) {
      const Seen& s = seen[static_cast<size_t>(rank)];
      if (!s.last_words && Clock::now() - s.changed > duration) list.push_back(called(rank));
    }
    return list;
  }

  // The verdict of process 0, if it is time for one.
  std::optional<std::string> judge() {
    for (int rank = 0; rank < count(); ++rank) {
      const auto& words = seen[static_cast<size_t>(rank)].last_words;
      if (words && !words->empty()) return fmt::format("{} gave up: {}", called(rank), *words);
    }
    if (const auto silent = silent_for(options.patience); !silent.empty())
      return missing(silent, fmt::format("no sign of life for {:.0f} s", seconds_of(options.patience)));
    const std::optional<std::string> trouble = board->find("trouble");
    if (!trouble) return std::nullopt;
    if (!trouble_since) trouble_since = Clock::now();
    if (Clock::now() - *trouble_since < options.grace) return std::nullopt;
    if (const auto silent = silent_for(options.grace - options.beat); !silent.empty())
      return missing(silent, "the connection broke, and there is no sign of life");
    return fmt::format("the connection between processes broke, though all {} are there: {}", count(),
                       *trouble);
  }

  std::string missing(const std::vector<std::string>& who, const std::string& why) const {
    return fmt::format("{} of {} {} missing: {}", join(who, ", "), count(), who.size() == 1 ? "is" : "are",
                       why);
  }

  bool is_decided() const {
    const std::lock_guard lock(mutex);
    return verdict.has_value();
  }

  void beat_once() {
    speak();
    if (options.rank != 0) {
      if (const auto words = board->find("verdict")) set_verdict(*words);
      return;
    }
    for (int rank = 0; rank < count(); ++rank) look(rank);
    if (!is_decided())
      if (const auto words = judge()) {
        board->put("verdict", *words);
        set_verdict(*words);
      }
    size_t gone = is_decided() ? silent_for(options.grace - options.beat).size() : 0;
    for (int rank = 1; rank < count(); ++rank) gone += seen[static_cast<size_t>(rank)].last_words.has_value();
    const std::lock_guard lock(mutex);
    all_have_left = gone + 1 >= seen.size();
    if (all_have_left) changed.notify_all();
  }

  void work() {
    std::unique_lock lock(mutex);
    while (!stopping) {
      lock.unlock();
      bool out_of_reach = false;
      try {
        beat_once();
      } catch (const std::exception&) {
        out_of_reach = true;
        set_verdict(fmt::format("{} of {} is missing: it does not answer", called(0), count()));
      }
      lock.lock();
      if (out_of_reach) break;
      changed.wait_for(lock, options.beat,
                       [&] { return stopping || symptom || (last_words && !words_are_out); });
    }
    stopped = true;
    changed.notify_all();
  }

  void wait(std::unique_lock<std::mutex>& lock, Clock::duration bound, const std::function<bool()>& done) {
    changed.wait_for(lock, bound, [&] { return stopped || done(); });
  }
};

Watch::Watch(std::unique_ptr<Board> board, const WatchOptions& options)
    : state_(std::make_shared<State>(std::move(board), options)) {
  std::thread([state = state_] { state->work(); }).detach();
}

Watch::~Watch() {
  std::unique_lock lock(state_->mutex);
  state_->stopping = true;
  state_->changed.notify_all();
  state_->wait(lock, state_->options.grace, [] { return false; });
}

std::optional<std::string> Watch::verdict() const {
  const std::lock_guard lock(state_->mutex);
  return state_->verdict;
}

std::string Watch::verdict_after(const std::string& symptom) {
  std::unique_lock lock(state_->mutex);
  state_->symptom = symptom;
  state_->changed.notify_all();
  state_->wait(lock, 3 * state_->options.grace, [&] { return state_->verdict.has_value(); });
  return state_->verdict.value_or(
      fmt::format("process 0 of {} does not answer: {}", state_->count(), symptom));
}

void Watch::leave(const std::string& why) {
  std::unique_lock lock(state_->mutex);
  if (state_->last_words) return;
  state_->last_words = why;
  state_->changed.notify_all();
  state_->wait(lock, state_->options.grace, [&] { return state_->words_are_out; });
  if (state_->options.rank == 0)
    state_->wait(lock, 3 * state_->options.grace, [&] { return state_->all_have_left; });
}

}  // namespace pact::train
