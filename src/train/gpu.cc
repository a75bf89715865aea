#include "train/gpu.h"

#include "base/error.h"
#include "train/trainer.h"

#ifdef PACT_CUDA
#include <ATen/cuda/CUDAContext.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>
#endif

namespace pact::train {
namespace {

const Gpu* emulated = nullptr;

#ifdef PACT_CUDA
// A process uses one GPU. CUDA remembers for each thread which it is; a thread that did nothing yet would
// have the first.
kernels::CudaStream stream_of(const at::Tensor& tensor) {
  const c10::DeviceIndex index = tensor.device().index();
  if (c10::cuda::current_device() != index) c10::cuda::set_device(index);
  return static_cast<kernels::CudaStream>(c10::cuda::getCurrentCUDAStream(index).stream());
}

const Gpu kGpu = {&kernels::kCuda, stream_of};

int count_gpus() {
  const int count = c10::cuda::device_count();
  if (count < 1)
    fail(ErrorKind::unsupported,
         "--device cuda: no GPU is found. `nvidia-smi` shows what the driver sees; CUDA_VISIBLE_DEVICES may "
         "hide it. Without a GPU, give --device cpu");
  return count;
}

at::Device gpu_for(int local_rank) {
  const auto index = static_cast<c10::DeviceIndex>(local_rank % count_gpus());
  c10::cuda::set_device(index);
  // Convolutions add up in one order, and float32 is no shorter type; what libtorch adds up in any order is
  // left to it.
  at::globalContext().setDeterministicCuDNN(true);
  at::globalContext().setAllowTF32CuDNN(false);
  return {at::kCUDA, index};
}
#else
[[noreturn]] int count_gpus() {
  fail(
      ErrorKind::unsupported,
      "--device cuda: this pact was built without CUDA. It takes a libtorch with CUDA and nvcc: docs/gpu.md");
}

[[noreturn]] at::Device gpu_for(int) { count_gpus(); }
#endif

}  // namespace

const Gpu* gpu_of(const at::Tensor& tensor) {
#ifdef PACT_CUDA
  if (tensor.is_cuda()) return &kGpu;
#endif
  return tensor.is_cpu() ? emulated : nullptr;
}

void require(const kernels::CudaLaunch& launch) {
  if (launch.problem)
    fail(ErrorKind::unsupported,
         "the GPU did not take the kernel {}: {}. Work before it may be what failed, CUDA_LAUNCH_BLOCKING=1 "
         "shows which. docs/gpu.md lists what can be done",
         launch.kernel, launch.problem);
}

at::Device device_named(const std::string& name, int local_rank) {
  if (name == "cpu") return at::kCPU;
  PACT_CHECK(name == "cuda");
  return gpu_for(local_rank);
}

// Takes no GPU: which one it is to be depends on the process.
void require_device(const std::string& name) {
  if (name == "cuda") count_gpus();
}

bool has_bfloat16(const at::Device& device) {
#ifdef PACT_CUDA
  constexpr int kAmpere = 8;
  if (device.is_cuda()) return at::cuda::getDeviceProperties(device.index())->major >= kAmpere;
#endif
  static_cast<void>(device);
  return false;
}

std::string identity_of(const at::Device& device) {
  std::string text;
#ifdef PACT_CUDA
  if (device.is_cuda())
    for (const char byte : at::cuda::getDeviceProperties(device.index())->uuid.bytes)
      text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
#endif
  static_cast<void>(device);
  return text;
}

EmulatedGpu::EmulatedGpu(const kernels::CudaKernels& kernels)
    : gpu_{&kernels, [](const at::Tensor&) { return kernels::CudaStream(nullptr); }} {
  PACT_CHECK(!emulated);
  emulated = &gpu_;
}

EmulatedGpu::~EmulatedGpu() { emulated = nullptr; }

SumsOnGpu::SumsOnGpu(const kernels::CudaRows& rows, int kinds, const at::Tensor& like, int64_t extra) {
  const at::TensorOptions options = at::TensorOptions().device(like.device());
  threads = at::empty({rows.chunks * kinds * rows.width}, options.dtype(at::kFloat));
  groups = at::empty({kernels::CudaRows::kGroups * kinds * rows.width}, options.dtype(at::kDouble));
  channels = at::empty({kinds * rows.channels + extra}, options.dtype(at::kDouble));
}

kernels::CudaSums SumsOnGpu::room() const {
  return {threads.data_ptr<float>(), groups.data_ptr<double>(), channels.data_ptr<double>()};
}

// In one message: each would make the host wait for it.
std::vector<at::Tensor> where_host_reads(const std::vector<at::Tensor>& tensors,
                                         const std::vector<size_t>& wanted) {
  if (wanted.empty() || !gpu_of(tensors[wanted[0]])) return tensors;
  at::NoGradGuard no_grad;
  std::vector<at::Tensor> flat, here(tensors.size());
  for (const size_t i : wanted) flat.push_back(tensors[i].flatten());
  const at::Tensor message = at::cat(flat).to(at::kCPU);
  int64_t at = 0;
  for (const size_t i : wanted) {
    here[i] = message.slice(0, at, at + tensors[i].numel()).view(tensors[i].sizes());
    at += tensors[i].numel();
  }
  return here;
}

// By way of pinned memory, which libtorch keeps until the copy is done. Of other memory CUDA may wait for the
// stream, or, where a GPU reads all of the host's, read it when it is gone.
at::Tensor sent_to(const at::Device& device, const at::Tensor& here) {
  if (!device.is_cuda()) return here.to(device);
  return here.pin_memory().to(device, here.scalar_type(), /*non_blocking=*/true);
}

at::Tensor to_device_of(const at::Tensor& like, const std::vector<float>& numbers) {
  return sent_to(like.device(), at::tensor(numbers, at::kFloat));
}

}  // namespace pact::train
