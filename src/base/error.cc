#include "base/error.h"

namespace pact {

void check_failed(const char* condition, const char* file, int line) {
  fail(ErrorKind::internal, "internal error at {}:{}: `{}` does not hold; please report it with the command",
       file, line, condition);
}

}  // namespace pact
