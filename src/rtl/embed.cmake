# The SystemVerilog sources, compiled into pact_rtl; sources.cc lists them.
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/sources/*)
foreach(file ${sources})
  get_filename_component(name ${file} NAME)
  string(REPLACE "." "_" name ${name})
  pact_embed(pact_rtl rtl_${name} ${file})
endforeach()
