# CUDA: the kernels of src/kernels/cuda, and training on GPUs over a libtorch that has CUDA. Everything builds without.
#   PACT_CUDA=AUTO  where nvcc is found the kernels are compiled; where libtorch has CUDA, too, training uses them
#   PACT_CUDA=ON    the same, and an error where training could not use them
#   PACT_CUDA=OFF   nothing of it
set(PACT_CUDA AUTO CACHE STRING "Training on GPUs: AUTO, ON or OFF")
set(PACT_CUDA_TRAINING OFF)

# pact_emulated_cuda(target): the kernels as plain C++, so that tests run them on every machine.
function(pact_emulated_cuda target)
  set(again ${CMAKE_BINARY_DIR}/emulated/cuda_kernels.cc)
  file(CONFIGURE OUTPUT ${again} CONTENT "#define PACT_EMULATE\n#include \"kernels/cuda/kernels.cu\"\n" @ONLY)
  set_source_files_properties(${again} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  target_sources(${target} PRIVATE ${again})
endfunction()

if(PACT_CUDA STREQUAL OFF OR PACT_ENGINE_ONLY OR PACT_SANITIZE OR PACT_FUZZ)
  return()
endif()
include(CheckLanguage)
if(NOT CMAKE_CUDA_COMPILER)
  check_language(CUDA)
endif()
if(CMAKE_CUDA_COMPILER)
  if(NOT CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES all-major)
  endif()
  enable_language(CUDA)
  set(PACT_NVCC "nvcc ${CMAKE_CUDA_COMPILER_VERSION}")
  if(CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 12)
    set(PACT_NVCC_PROBLEM "${PACT_NVCC} is too old, 12 or later compiles C++20")
  endif()
else()
  set(PACT_NVCC_PROBLEM "no nvcc is found (CUDACXX or PATH names it)")
endif()
if(PACT_NVCC_PROBLEM)
  if(PACT_CUDA STREQUAL ON)
    message(FATAL_ERROR "PACT_CUDA=ON: ${PACT_NVCC_PROBLEM}. docs/gpu.md says what a build for GPUs takes.")
  endif()
  message(STATUS "CUDA: ${PACT_NVCC_PROBLEM}; its sources are not compiled, a test runs them as C++")
  return()
endif()

add_library(pact_cuda_kernels OBJECT src/kernels/cuda/kernels.cu)
target_include_directories(pact_cuda_kernels PRIVATE src)
if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25 does not know that nvcc has it
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
endif()
set_target_properties(pact_cuda_kernels PROPERTIES CUDA_STANDARD 20 CUDA_EXTENSIONS OFF CUDA_RUNTIME_LIBRARY Shared
                      CUDA_ARCHITECTURES "${CMAKE_CUDA_ARCHITECTURES}")
# As elsewhere, no contraction: elements have the bits that the CPU gives them. The number format has constexpr parts.
target_compile_options(pact_cuda_kernels PRIVATE -fmad=false --expt-relaxed-constexpr)

if(TARGET torch_cuda)
  set(PACT_CUDA_TRAINING ON)
  if(NOT TARGET CUDA::cudart)
    find_package(CUDAToolkit REQUIRED)
  endif()
  # Python's packages have nccl's header beside the folder `torch`.
  find_path(PACT_NCCL_INCLUDE_DIR nccl.h HINTS ${CUDAToolkit_INCLUDE_DIRS} ${TORCH_INSTALL_PREFIX}/../nvidia/nccl/include)
  set(PACT_SEVERAL_GPUS "on one each, in several processes, too")
  if(NOT PACT_NCCL_INCLUDE_DIR)
    set(PACT_SEVERAL_GPUS "on one only, since nccl.h is not found (PACT_NCCL_INCLUDE_DIR names its folder)")
  endif()
  message(STATUS "CUDA: ${PACT_NVCC}; training runs on GPUs, too: ${PACT_SEVERAL_GPUS}")
elseif(PACT_CUDA STREQUAL ON)
  message(FATAL_ERROR "PACT_CUDA=ON: the libtorch that was found has no CUDA. docs/gpu.md says which have.")
else()
  message(STATUS "CUDA: ${PACT_NVCC}; the kernels are compiled, but this libtorch has no CUDA: training runs on the CPU")
endif()
