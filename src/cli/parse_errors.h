// A command line that cannot be read, in words of our own.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace pact::cli {

// What is wrong, what is accepted, and where to read on. `app` has just failed with `error`.
std::string explain(const CLI::App& app, const CLI::ParseError& error);

}  // namespace pact::cli
