# pact_emulated_kernels(target file...): compiles kernel files a second time into `target`, with the intrinsics of
# their instruction sets in plain C (SIMDe, kernels/x86_intrinsics.h), so that tests run them on every machine.
# Their tables are called ..._emulated. Without SIMDe, or on other processors, nothing is added.
set(PACT_EMULATED_KERNELS
    kernels/byte_conv/x86_avxvnni.cc
    kernels/byte_conv/x86_avx512vnni.cc
    kernels/integer_conv/x86_avx512.cc
    kernels/requantize/x86_avx512.cc
    kernels/resample/x86_avx512.cc
    kernels/winograd/x86_avx512.cc
    kernels/winograd/x86_avx512vnni.cc)
find_path(PACT_SIMDE simde/x86/avx512.h)

function(pact_emulated_kernels target)
  if(NOT PACT_SIMDE OR NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    message(STATUS "No SIMDe (libsimde-dev): kernels of instruction sets that this machine lacks are not tested")
    return()
  endif()
  foreach(file ${ARGN})
    string(REPLACE "/" "_" name ${file})
    set(again ${CMAKE_BINARY_DIR}/emulated/${name})
    file(CONFIGURE OUTPUT ${again} CONTENT "#define PACT_EMULATE\n#include \"@file@\"\n" @ONLY)
    # Not optimised: SIMDe costs compilers minutes, and the tests are small.
    set_source_files_properties(${again} PROPERTIES COMPILE_OPTIONS "-O0;-w")
    target_sources(${target} PRIVATE ${again})
  endforeach()
  target_include_directories(${target} SYSTEM PRIVATE ${PACT_SIMDE})
  target_compile_definitions(${target} PRIVATE PACT_HAS_EMULATED_KERNELS)
endfunction()
