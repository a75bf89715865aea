# pact_warnings(target): the warnings that our own code is held to.
function(pact_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                         -Wold-style-cast -Wcast-qual -Wconversion -Wno-sign-conversion
                         -Wdouble-promotion -Wimplicit-fallthrough
                         -Wno-restrict)  # gcc 12 warns of std::string itself (PR 105651)
  if(PACT_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()
