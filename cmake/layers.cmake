# One static library `pact_<layer>` per line of src/layers.txt, linked to the layers it may include;
# the layer's `*_test.cc` files become one GoogleTest binary `<layer>_test`.
#
# What a build leaves out: without training, the layers that need libtorch, and with them a file of the command line
# that says so in their place; with PACT_ENGINE_ONLY, everything but what runs a deployed network. With training,
# cmake/training.cmake makes a module of the commands that need it.
set(PACT_TRAIN_LAYERS train api_train)
set(PACT_ENGINE_LAYERS base quant graph kernels reference engine model_file library)
set(PACT_TRAINING_MODULE_FILES "/(train_command|sweep_command|training_module)\\.cc$")
if(PACT_TRAIN)
  set(PACT_LEFT_OUT_FILES "/train_left_out\\.cc$")
else()
  set(PACT_LEFT_OUT_LAYERS ${PACT_TRAIN_LAYERS})
  set(PACT_LEFT_OUT_FILES "/training_loader\\.cc$")
endif()
if(NOT PACT_TESTS AND PACT_ENGINE_ONLY)
  list(APPEND PACT_LEFT_OUT_LAYERS reference)  # only tests of these layers compare with it
  set(PACT_LEFT_OUT_KERNELS "/kernels/(clip_quantize|norm_activate|resample)/")  # training and images
endif()

# Layers whose files are compiled several at a time: each of them would have the same templates (of JSON, the command
# line, libtorch, protobuf) made anew, and the compiler spends most of its time with those. PACT_UNITY=OFF compiles
# each file by itself, which is what someone who changes these layers waits less for. Names in anonymous namespaces
# must differ within such a layer. Of the library's layers, graph and quant: it takes what it needs of them by function.
set(PACT_UNITY_LAYERS graph quant report passes calibration onnx_io api train api_train cli)
set(PACT_UNITY_BATCH 6)

# Halves the time that a build takes. Not for kernels, whose files see no library headers (tests/layers_test.py); the
# layers of training and of the command line have headers of their own that weigh more.
set(PACT_OWN_HEADERS kernels train cli)
function(pact_precompile layer)
  if(layer STREQUAL base)
    target_precompile_headers(pact_base PRIVATE <fmt/format.h> <nlohmann/json.hpp> <algorithm> <filesystem> <functional>
                              <map> <optional> <set> <string> <variant> <vector>)
  elseif(NOT layer IN_LIST PACT_OWN_HEADERS)
    target_precompile_headers(pact_${layer} REUSE_FROM pact_base)
  endif()
endfunction()

function(pact_add_layer layer dependencies)
  set(dir ${CMAKE_SOURCE_DIR}/src/${layer})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${dir}/*.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|_bench|/main)\\.cc$")
  list(FILTER sources EXCLUDE REGEX ${PACT_LEFT_OUT_FILES})
  list(FILTER sources EXCLUDE REGEX ${PACT_TRAINING_MODULE_FILES})
  if(PACT_LEFT_OUT_KERNELS)
    list(FILTER sources EXCLUDE REGEX ${PACT_LEFT_OUT_KERNELS})
  endif()
  pact_kernel_flags(${sources})

  list(REMOVE_ITEM dependencies ${PACT_LEFT_OUT_LAYERS})
  if(layer STREQUAL cli)
    list(REMOVE_ITEM dependencies api_train)  # the module's
  endif()
  list(TRANSFORM dependencies PREPEND pact_)
  if(sources)
    add_library(pact_${layer} STATIC ${sources})
    target_include_directories(pact_${layer} PUBLIC ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
    target_link_libraries(pact_${layer} PUBLIC ${dependencies} fmt::fmt nlohmann_json::nlohmann_json Threads::Threads)
    pact_warnings(pact_${layer})
    if(PACT_PRECOMPILE)
      pact_precompile(${layer})
    endif()
    if(PACT_UNITY AND layer IN_LIST PACT_UNITY_LAYERS)
      file(GLOB ops ${dir}/ops/*.cc)
      set_source_files_properties(${ops} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)  # each names its rules alike
      set_target_properties(pact_${layer} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${PACT_UNITY_BATCH})
      target_compile_options(pact_${layer} PRIVATE -ffunction-sections -fdata-sections
                                                   -Wno-subobject-linkage)  # included files look like headers; PACT_UNITY=OFF has it
    endif()
  else()
    add_library(pact_${layer} INTERFACE)
    target_link_libraries(pact_${layer} INTERFACE ${dependencies})
  endif()
  if(layer STREQUAL train)
    # libtorch's include folders are system folders, so that its warnings stay its own.
    target_include_directories(pact_train SYSTEM PRIVATE ${TORCH_INCLUDE_DIRS})
    target_link_libraries(pact_train PRIVATE torch OpenMP::OpenMP_CXX)
    target_precompile_headers(pact_train PRIVATE src/train/torch.h)
    # A libtorch from elsewhere has a gloo of its own, which the system's headers need not fit.
    if(Torch_VERSION VERSION_LESS 2 OR EXISTS ${TORCH_INSTALL_PREFIX}/include/gloo)
      target_compile_definitions(pact_train PRIVATE PACT_GLOO)
    endif()
    if(PACT_CUDA_TRAINING)
      target_sources(pact_train PRIVATE $<TARGET_OBJECTS:pact_cuda_kernels>)
      target_compile_definitions(pact_train PRIVATE PACT_CUDA)
      target_link_libraries(pact_train PRIVATE CUDA::cudart)
      if(PACT_NCCL_INCLUDE_DIR)
        target_include_directories(pact_train SYSTEM PRIVATE ${PACT_NCCL_INCLUDE_DIR})
      endif()
    endif()
  elseif(layer STREQUAL data)
    target_include_directories(pact_data SYSTEM PUBLIC ${TURBOJPEG_INCLUDE_DIR})
    target_link_libraries(pact_data PUBLIC PNG::PNG ${TURBOJPEG_LIBRARY}
                                    PRIVATE JPEG::JPEG ZLIB::ZLIB CURL::libcurl LibArchive::LibArchive OpenSSL::Crypto)
  elseif(layer STREQUAL engine)
    set_source_files_properties(${dir}/pool.cc PROPERTIES COMPILE_OPTIONS -O3  # its loops become vector instructions
                                                                SKIP_PRECOMPILE_HEADERS ON)
  elseif(layer STREQUAL api)
    target_compile_definitions(pact_api PRIVATE PACT_CONFIGS="${CMAKE_SOURCE_DIR}/configs")  # recipes and such by name
  elseif(layer STREQUAL cli)
    target_link_libraries(pact_cli PUBLIC CLI11::CLI11 PRIVATE ${CMAKE_DL_LIBS})
    target_precompile_headers(pact_cli PRIVATE <CLI/CLI.hpp> <fmt/format.h> <nlohmann/json.hpp>)  # seconds a command
  elseif(layer STREQUAL report)
    include(${dir}/embed.cmake)
  elseif(layer STREQUAL rtl)
    include(${dir}/embed.cmake)
    target_link_libraries(pact_rtl PRIVATE ${CMAKE_DL_LIBS})
  elseif(layer STREQUAL onnx_io)
    target_link_libraries(pact_onnx_io PRIVATE onnx_proto)
  endif()

  if(PACT_TESTS AND tests)
    add_executable(${layer}_test ${tests})
    target_link_libraries(${layer}_test PRIVATE pact_${layer} GTest::gtest_main)
    if(layer STREQUAL train)
      target_include_directories(train_test SYSTEM PRIVATE ${TORCH_INCLUDE_DIRS})
      target_link_libraries(train_test PRIVATE torch OpenMP::OpenMP_CXX)
      target_precompile_headers(train_test PRIVATE src/train/torch.h)
      pact_emulated_cuda(train_test)
    elseif(layer STREQUAL data)
      target_include_directories(data_test SYSTEM PRIVATE ${MATIO_INCLUDE_DIR})
      target_link_libraries(data_test PRIVATE ${MATIO_LIBRARY} ZLIB::ZLIB)
    elseif(layer STREQUAL kernels)
      pact_emulated_kernels(kernels_test ${PACT_EMULATED_KERNELS})
      pact_emulated_cuda(kernels_test)
    elseif(layer STREQUAL onnx_io)
      target_link_libraries(onnx_io_test PRIVATE onnx_proto)
    endif()
    pact_warnings(${layer}_test)
    gtest_discover_tests(${layer}_test DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 120 WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} PROPERTIES TIMEOUT 300)
  endif()
endfunction()

file(STRINGS ${CMAKE_SOURCE_DIR}/src/layers.txt lines)
foreach(line ${lines})
  if(line MATCHES "^([a-z_]+):(.*)$")
    set(layer ${CMAKE_MATCH_1})
    string(STRIP "${CMAKE_MATCH_2}" dependencies)
    string(REPLACE " " ";" dependencies "${dependencies}")
    if(NOT layer IN_LIST PACT_LEFT_OUT_LAYERS AND (NOT PACT_ENGINE_ONLY OR layer IN_LIST PACT_ENGINE_LAYERS))
      pact_add_layer(${layer} "${dependencies}")
    endif()
  endif()
endforeach()
