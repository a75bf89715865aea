#include "base/error.h"

namespace pact {

Error::Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
Error::~Error() = default;

void check_failed(const char* condition, const char* file, int line) {
  fail(ErrorKind::internal, "internal error at {}:{}: `{}` does not hold; please report it with the command",
       file, line, condition);
}

}  // namespace pact
