# libpact_engine.so: the public interfaces (include/pact) over the engine, in one file that shows nothing else. A list of
# exported symbols does that for all layers at once, whatever flags they are compiled with.
set(PACT_SOVERSION 0)  # of the interfaces in include/pact; to be raised when a program would have to be rebuilt

# Without inlining, whatever is called stands there to be linked to.
set_source_files_properties(src/library/formatting.cc PROPERTIES COMPILE_DEFINITIONS FMT_HEADER_ONLY
                            COMPILE_OPTIONS "-fno-inline" SKIP_PRECOMPILE_HEADERS ON)

add_library(pact_engine_shared SHARED $<TARGET_OBJECTS:pact_library>)
target_link_libraries(pact_engine_shared PRIVATE pact_library)
target_include_directories(pact_engine_shared INTERFACE $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>
                                                        $<INSTALL_INTERFACE:include>)
target_compile_features(pact_engine_shared INTERFACE cxx_std_17)
set_target_properties(pact_engine_shared PROPERTIES OUTPUT_NAME pact_engine EXPORT_NAME engine
                      VERSION ${PROJECT_VERSION} SOVERSION ${PACT_SOVERSION} LINKER_LANGUAGE CXX
                      LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
set(exports ${CMAKE_SOURCE_DIR}/cmake/engine_exports.map)
target_link_options(pact_engine_shared PRIVATE -Wl,--version-script=${exports} -Wl,--gc-sections -Wl,--as-needed
                    -Wl,-z,defs)
set_target_properties(pact_engine_shared PROPERTIES LINK_DEPENDS ${exports})
add_library(pact::engine ALIAS pact_engine_shared)
