// For tests: what an Error said.
#pragma once

#include <string>

#include "base/error.h"

namespace pact {

// The message of the Error that `action` throws; empty when it throws none.
template <typename Action>
std::string caught(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace pact
