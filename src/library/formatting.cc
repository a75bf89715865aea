// fmt's own functions, compiled into the library, so that libpact_engine.so needs no other one of the same
// version at run time. Header-only as this file alone takes fmt (cmake/library.cmake), it gives every
// function that the other files call; where a version of fmt needs more, the linker takes libfmt after all.
#include <fmt/format.h>

#include <string>

namespace pact::library {

std::string format_anything(std::string_view format, fmt::format_args arguments);
std::string format_anything(std::string_view format, fmt::format_args arguments) {
  return fmt::vformat(format, arguments);
}

}  // namespace pact::library
