// Another program, run to its end. It gets a process group of its own, so that Ctrl-C in the terminal reaches
// this process alone, which then ends the program with all that it has started: a build is a tree of processes,
// and system() would leave what is below its shell. SIGKILL, which no process sees come, leaves the tree running.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"

namespace pact {

// A signal asked this process to end while it waited. Whoever catches it tidies up and ends by `signal`, as
// the process would have done without us.
class Interrupted : public Error {
 public:
  Interrupted(int signal, const std::string& message)
      : Error(ErrorKind::bad_input, message), signal_(signal) {}
  int signal() const { return signal_; }

 private:
  int signal_;
};

struct ChildOptions {
  std::filesystem::path folder = {};             // to run it in; empty: the current one
  std::filesystem::path log = "/dev/null";       // takes what it prints
  std::function<void(double)> on_waiting = {};  // the seconds so far, several times a second
};

// Runs `words`, the first of them found along PATH, and tells whether it exited with 0; false also where there
// is no such program. Its standard input is empty. While it runs, SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGPIPE
// end it and its group, and Interrupted is thrown once they are gone; so does an exception of on_waiting, which
// passes on. One at a time in a process. Throws Error, also where the folder or the log is not to be had.
bool succeeds(const std::vector<std::string>& words, const ChildOptions& options = {});

}  // namespace pact
