// One error class for the whole toolkit. Exceptions cross the seams between layers; a message is written for
// its reader and says what is wrong, where, and what to do.
#pragma once

#include <fmt/format.h>

#include <string>

#include <pact/error.h>  // the class itself, which programs that link the engine see, too

namespace pact {

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
