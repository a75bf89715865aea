#include "base/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace pact {
namespace {

constexpr auto kRedraw = std::chrono::milliseconds(100);
constexpr auto kPlainLine = std::chrono::seconds(15);
constexpr int kBarWidth = 24;

size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string bar(double fraction) {
  const int filled = static_cast<int>(std::lround(std::clamp(fraction, 0.0, 1.0) * kBarWidth));
  std::string text = "[";
  for (int i = 0; i < kBarWidth; ++i) text += i < filled ? '=' : i == filled ? '>' : ' ';
  return text + "]";
}

// Unlike fmt::print, which throws: destructors come here, too.
void put(const std::string& text) {
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace

ProgressLine::ProgressLine() : is_terminal_(isatty(STDERR_FILENO)), last_(Clock::now()) {}

ProgressLine::~ProgressLine() { clear(); }

void ProgressLine::update(double fraction, const std::string& text) {
  const auto now = Clock::now();
  if (now - last_ < (is_terminal_ ? Clock::duration(kRedraw) : Clock::duration(kPlainLine))) return;
  last_ = now;
  if (is_terminal_)
    draw(fraction, text);
  else
    put(fmt::format("{:3.0f} %  {}\n", 100 * fraction, text));
}

void ProgressLine::show(double fraction, const std::string& text) {
  if (is_terminal_) draw(fraction, text);
}

void ProgressLine::draw(double fraction, const std::string& text) {
  put("\r\x1b[K" + fmt::format("{} {}", bar(fraction), text).substr(0, terminal_width() - 1));
  is_drawn_ = true;
}

void ProgressLine::clear() {
  if (!is_drawn_) return;
  put("\r\x1b[K");
  is_drawn_ = false;
}

void tell(const std::string& line) { put(line + "\n"); }

std::string format_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "?";
  const long long s = std::llround(seconds);
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{}:{:02}", s / 60, s % 60);
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

std::string format_bytes(double bytes) {
  if (bytes < 1000) return fmt::format("{:.0f} B", bytes);
  if (bytes < 1e6) return fmt::format("{:.1f} kB", bytes / 1e3);
  if (bytes < 1e9) return fmt::format("{:.2f} MB", bytes / 1e6);
  return fmt::format("{:.2f} GB", bytes / 1e9);
}

}  // namespace pact
