// One error class for the whole toolkit. Exceptions cross the seams between layers; a message is written for
// its reader and says what is wrong, where, and what to do.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>

namespace pact {

// What kind of trouble it is; the command line turns it into the exit code.
enum class ErrorKind { bad_input, unsupported, usage, internal };

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

// Throws Error(kind, formatted message).
template <typename... Args>
[[noreturn]] void fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(kind, fmt::format(format, std::forward<Args>(args)...));
}

// The usual case: the input is at fault.
template <typename... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(ErrorKind::bad_input, fmt::format(format, std::forward<Args>(args)...));
}

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace pact

// For bugs of our own; stays on in release builds.
#define PACT_CHECK(condition) \
  (static_cast<bool>(condition) ? void(0) : ::pact::check_failed(#condition, __FILE__, __LINE__))
