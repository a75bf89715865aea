// The GPU that tensors lie on, for the functions that have kernels of their own there. libtorch does all
// else.
#pragma once

#include <string>
#include <vector>

#include "kernels/cuda/cuda_kernels.h"
#include "train/torch.h"

namespace pact::train {

struct Gpu {
  const kernels::CudaKernels* kernels;
  kernels::CudaStream (*stream)(const at::Tensor& tensor);  // that libtorch works in where it lies
};

// None for tensors of the CPU.
const Gpu* gpu_of(const at::Tensor& tensor);

// Throws Error that names the kernel that was not launched, if any.
void require(const kernels::CudaLaunch& launch);

// "cpu", or "cuda": of the GPUs that this process sees, the one for process
// `local_rank` of its machine. Throws Error that says
// what to do where pact was built without CUDA, or no GPU is found.
at::Device device_named(const std::string& name, int local_rank = 0);

// The same for all processes that use this GPU, empty for the CPU.
std::string identity_of(const at::Device& device);

// Can it compute in bfloat16?
bool has_bfloat16(const at::Device& device);

// For tests: while it lives, tensors of the CPU take the ways of a GPU, over these kernels.
class EmulatedGpu {
 public:
  explicit EmulatedGpu(const kernels::CudaKernels& kernels);
  ~EmulatedGpu();
  EmulatedGpu(const EmulatedGpu&) = delete;

 private:
  Gpu gpu_;
};

// Room for sums, and the sums of channels: [kinds, channels] and `extra` numbers behind them.
struct SumsOnGpu {
  SumsOnGpu(const kernels::CudaRows& rows, int kinds, const at::Tensor& like, int64_t extra = 0);
  kernels::CudaSums room() const;
  at::Tensor threads, groups, channels;
};

// Of the tensors those at `wanted`: themselves, or copies of those on a GPU; the others may be missing.
std::vector<at::Tensor> where_host_reads(const std::vector<at::Tensor>& tensors,
                                         const std::vector<size_t>& wanted);

// A copy on `device` of a tensor of the CPU, which may go at once. The host does not wait for a GPU.
at::Tensor sent_to(const at::Device& device, const at::Tensor& here);

// A copy beside `like`, sent likewise.
at::Tensor to_device_of(const at::Tensor& like, const std::vector<float>& numbers);

}  // namespace pact::train
