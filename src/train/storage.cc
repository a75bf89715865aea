#include "train/storage.h"

#include "base/error.h"

namespace pact::train {

kernels::Storage storage_of(const at::Tensor& t) {
  if (t.scalar_type() == at::kFloat) return kernels::Storage::f32;
  PACT_CHECK(t.scalar_type() == at::kBFloat16);
  return kernels::Storage::bf16;
}

void* at_element(const at::Tensor& t, int64_t element) {
  return static_cast<char*>(t.data_ptr()) + element * t.element_size();
}

at::Tensor channels_last(const at::Tensor& t) {
  return t.dim() == 4 ? t.contiguous(at::MemoryFormat::ChannelsLast) : t.contiguous();
}

at::Tensor like(const at::Tensor& gradient, const at::Tensor& t) {
  if (!gradient.defined()) return gradient;
  return channels_last(gradient.to(t.scalar_type()));
}

at::Tensor as_pixels(const at::Tensor& t) {
  return t.dim() == 4 ? t.permute({0, 2, 3, 1}).reshape({-1, t.size(1)}) : t;
}

}  // namespace pact::train
