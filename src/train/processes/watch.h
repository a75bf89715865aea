// Who of several processes is still there. A broken connection tells that something ended, not what: the
// processes that notice end as well, and each would be blamed by its neighbours. So every process leaves
// signs of life on a board, and its last words when it ends; process 0 judges, and all say the same.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pact::train {

// A place for words that all processes see. May throw anything when it is out of reach.
class Board {
 public:
  virtual ~Board() = default;
  virtual void put(const std::string& key, const std::string& text) = 0;
  virtual std::optional<std::string> find(const std::string& key) = 0;
};

struct WatchOptions {
  int rank = 0;
  std::vector<std::string> names;               // of all processes, for people
  std::chrono::milliseconds beat{500};          // between signs of life
  std::chrono::milliseconds grace{3000};        // without one, once something broke: missing
  std::chrono::milliseconds patience{300'000};  // the same while nothing broke
};

class Watch {
 public:
  // Starts a thread that uses `board`, and nobody else does.
  Watch(std::unique_ptr<Board> board, const WatchOptions& options);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Why the group has ended, once that is known.
  std::optional<std::string> verdict() const;

  // Something broke. Waits for the verdict, for a few times the grace at most.
  std::string verdict_after(const std::string& symptom);

  // The last words of this process: why it gives up, or empty when it has finished. Process 0, which keeps
  // the board, then waits until all others have left, for a few times the grace at most.
  void leave(const std::string& why);

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the thread, which may be left behind in a call that hangs
};

}  // namespace pact::train
