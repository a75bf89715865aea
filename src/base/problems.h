// What is wrong, found one by one and told all at once. Each problem knows what it is about, a setting, a run, a place
// in a file, so that nobody has to read its text to find it again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace pact {

class Problems {
 public:
  struct Problem {
    std::string message;
    std::vector<std::string> about;  // whatever has it, each once; none: nothing in particular
  };

  // Several things with the same message have one problem together.
  void add(const std::string& message, const std::string& about = "");
  // Runs `action`; the message of its Error, if it throws one, is added.
  template <typename Action>
  void attempt(const std::string& about, const Action& action) {
    try {
      action();
    } catch (const Error& error) {
      add(error.what(), about);
    }
  }

  bool empty() const { return all_.empty(); }
  bool are_about(std::string_view what) const;  // whether one of them is
  // Puts `text` behind each message about `what`.
  void explain(std::string_view what, std::string_view text);

  // In the order in which they came first, each a line: the messages alone; behind what they are about,
  // "a, b: message"; or behind `noun` and its names, "runs 'a', 'b' and 3 more: message".
  std::vector<std::string> messages() const;
  std::vector<std::string> placed() const;
  std::vector<std::string> named(std::string_view noun) const;

  // Throws one Error with all messages, a line each, if there are any.
  void refuse() const;

 private:
  std::vector<Problem> all_;
};

}  // namespace pact
