# What `cmake --install` copies: component `engine` for programs that run networks (the library, its headers, a CMake
# package and a pkg-config file), component `program` for people (pact, recipes). All of it may be moved afterwards.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/pact)

install(TARGETS pact_engine_shared EXPORT pact_targets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT engine NAMELINK_COMPONENT engine
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/pact DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT engine)
install(EXPORT pact_targets FILE pactConfig.cmake NAMESPACE pact:: DESTINATION ${package} COMPONENT engine)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/pactConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/pactConfigVersion.cmake DESTINATION ${package} COMPONENT engine)

# From the folder of the .pc file up to the prefix, so that the file holds wherever the whole is moved.
set(up ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
string(REGEX REPLACE "[^/]+" ".." up ${up})
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/pact-engine.pc @ONLY CONTENT [[
prefix=${pcfiledir}/@up@
libdir=${prefix}/@CMAKE_INSTALL_LIBDIR@
includedir=${prefix}/@CMAKE_INSTALL_INCLUDEDIR@

Name: pact-engine
Description: Runs networks of 1 to 8 bits that PACT trained
Version: @PROJECT_VERSION@
Libs: -L${libdir} -lpact_engine
Cflags: -I${includedir}
]])
install(FILES ${CMAKE_BINARY_DIR}/pact-engine.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT engine)

if(NOT PACT_ENGINE_ONLY)
  install(TARGETS pact RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
  if(PACT_TRAIN)
    install(TARGETS pact_training LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/pact COMPONENT program)
    file(RELATIVE_PATH from_program ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR}/pact)
    set_target_properties(pact PROPERTIES INSTALL_RPATH "$ORIGIN/${from_program}")
  endif()
  install(DIRECTORY configs DESTINATION ${CMAKE_INSTALL_DATADIR}/pact COMPONENT program)
endif()
