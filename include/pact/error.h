// What the functions of PACT throw. A message is written for its reader: what is wrong, where, and what to
// do.
#pragma once

#include <stdexcept>
#include <string>

#if defined(__GNUC__)
#define PACT_API __attribute__((visibility("default")))
#else
#define PACT_API
#endif

namespace pact {

enum class ErrorKind {
  bad_input,    // a file or its numbers are at fault
  unsupported,  // sound, but not what this library or this machine can do
  usage,        // the call is at fault: an argument out of range, a buffer of the wrong size
  internal      // a bug of PACT; please report it
};

class PACT_API Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message);
  ~Error() override;  // in the library, so that every program shares one type
  Error(const Error&) = default;
  Error& operator=(const Error&) = default;

  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace pact
