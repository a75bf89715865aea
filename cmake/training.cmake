# pact_training.so: the commands that need libtorch, which the program loads when one is called (src/cli/training.h). It
# holds its own copy of the layers that it uses and shows one symbol, so nothing of the one can take the place of the
# other's.
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/cli/*.cc)
list(FILTER sources INCLUDE REGEX ${PACT_TRAINING_MODULE_FILES})
add_library(pact_training MODULE ${sources})
target_link_libraries(pact_training PRIVATE pact_api_train CLI11::CLI11)
target_precompile_headers(pact_training REUSE_FROM pact_cli)
pact_warnings(pact_training)
set(exports ${CMAKE_SOURCE_DIR}/cmake/training_exports.map)
target_link_options(pact_training PRIVATE -Wl,--version-script=${exports})
set_target_properties(pact_training PROPERTIES PREFIX "" DEFINE_SYMBOL "" LINK_DEPENDS ${exports}
                      LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib INSTALL_RPATH_USE_LINK_PATH ON)
add_dependencies(pact pact_training)
set_target_properties(pact PROPERTIES BUILD_RPATH ${CMAKE_BINARY_DIR}/lib)
