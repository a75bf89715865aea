// A progress line on standard error: redrawn in place on a terminal, a plain line now and then elsewhere. What
// standard error does not take, being closed or full, is dropped: the work goes on.
#pragma once

#include <chrono>
#include <string>

namespace pact {

class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();

  // `fraction` of the work at hand is done; `text` says what. Cheap to call at every step.
  void update(double fraction, const std::string& text);
  // The same on a terminal at once, and nothing elsewhere: for what is not cheap and may take long.
  void show(double fraction, const std::string& text);
  // Wipes the line, so that ordinary output can follow.
  void clear();

 private:
  void draw(double fraction, const std::string& text);

  using Clock = std::chrono::steady_clock;
  bool is_terminal_;
  bool is_drawn_ = false;
  Clock::time_point last_;
};

// A line of its own on standard error, whole.
void tell(const std::string& line);

// "1:02:03", "4:05" or "7 s"
std::string format_duration(double seconds);
// "1.4 kB", "1.1 MB": powers of 1000
std::string format_bytes(double bytes);

}  // namespace pact
