# pact_embed(target name file): compiles a text file into `target` as
# `extern const std::string_view pact::embedded::<name>`.
function(pact_embed target name file)
  set(out ${CMAKE_BINARY_DIR}/embedded/${name}.cc)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  file(CONFIGURE OUTPUT ${out} CONTENT [[
#include <string_view>
namespace pact::embedded {
namespace { const unsigned char kBytes[] = {@bytes@0}; }
extern const std::string_view @name@;
const std::string_view @name@(reinterpret_cast<const char*>(kBytes), sizeof(kBytes) - 1);
}
]] @ONLY)
  target_sources(${target} PRIVATE ${out})
endfunction()
