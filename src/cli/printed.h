// Whether what a command printed arrived. Inline, since the training module has its own copy.
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "base/error.h"

namespace pact::cli {

// Throws Error where standard output could not be written. `done` says what is done all the same, for hours of work
// must not seem lost with a line of text.
inline void require_printed(const std::string& done = "") {
  if (std::fflush(stdout) != 0)
    fail("standard output cannot be written: {}{}{}", std::strerror(errno), done.empty() ? "" : ". ", done);
}

}  // namespace pact::cli
