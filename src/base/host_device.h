// Marks functions that run on the CPU and in CUDA kernels alike.
#pragma once

#ifdef __CUDACC__
#define PACT_HOST_DEVICE __host__ __device__
#else
#define PACT_HOST_DEVICE
#endif
