# pact_embed(target name file): compiles a file into `target` as
# `extern const std::string_view pact::embedded::<name>`, byte for byte.
# The assembler copies the bytes (.incbin), because compilers are slow with long arrays of numbers. The length is
# taken at configure time, so that the view is a constant and ready before main.
function(pact_embed target name file)
  get_filename_component(file ${file} ABSOLUTE)
  set(out ${CMAKE_BINARY_DIR}/embedded/${name}.cc)
  file(SIZE ${file} size)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  set_source_files_properties(${out} PROPERTIES OBJECT_DEPENDS ${file})
  file(CONFIGURE OUTPUT ${out} CONTENT [[
#include <string_view>
__asm__(R"(
  .pushsection .rodata
  .globl pact_embedded_@name@
  .hidden pact_embedded_@name@
pact_embedded_@name@:
  .incbin "@file@"
  .byte 0
  .popsection
)");
extern "C" const char pact_embedded_@name@[];
namespace pact::embedded {
extern const std::string_view @name@;
constinit const std::string_view @name@(pact_embedded_@name@, @size@);
}
]] @ONLY)
  target_sources(${target} PRIVATE ${out})
endfunction()
