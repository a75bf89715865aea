# Compiler flags per instruction set. A file in src/kernels is compiled with the flags of the
# instruction set that its name ends in; everything else gets the baseline of the platform.
set(PACT_FLAGS_x86_avx2 -mavx2 -mfma -O3)
set(PACT_FLAGS_x86_avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mprefer-vector-width=512 -O3
    -falign-functions=64 -falign-loops=64)  # as Zen 4 keeps decoded code: 1.5 % of ResNet-20
set(PACT_FLAGS_x86_avxvnni ${PACT_FLAGS_x86_avx2} -mavxvnni)
set(PACT_FLAGS_x86_avx512vnni ${PACT_FLAGS_x86_avx512} -mavx512vnni)
set(PACT_FLAGS_portable -O3)

function(pact_kernel_flags)
  foreach(file ${ARGN})
    get_filename_component(name ${file} NAME_WE)
    if(DEFINED PACT_FLAGS_${name})
      set_source_files_properties(${file} PROPERTIES COMPILE_OPTIONS "${PACT_FLAGS_${name}}")
    endif()
  endforeach()
endfunction()
