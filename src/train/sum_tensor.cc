#include "train/sum_tensor.h"

#include "base/error.h"

namespace pact::train {
namespace {

struct SharedBatch : torch::CustomClassHolder {
  explicit SharedBatch(const Processes& p) : processes(p) {}
  const Processes& processes;
};

template <typename Number>
std::span<Number> span_of(const at::Tensor& t) {
  return {t.data_ptr<Number>(), static_cast<size_t>(t.numel())};
}

}  // namespace

void sum_over(const Processes& processes, const at::Tensor& numbers) {
  PACT_CHECK(numbers.is_contiguous());
  const bool is_double = numbers.scalar_type() == at::kDouble;
  if (!numbers.is_cpu())
    is_double ? processes.sum_on_gpu(span_of<double>(numbers))
              : processes.sum_on_gpu(span_of<float>(numbers));
  else
    is_double ? processes.sum(span_of<double>(numbers)) : processes.sum(span_of<float>(numbers));
}

at::IValue shared_batch(const Processes& processes) {
  return at::IValue::make_capsule(c10::make_intrusive<SharedBatch>(processes));
}

const Processes& processes_of(const at::IValue& shared) {
  return static_cast<const SharedBatch&>(*shared.toCapsule()).processes;
}

}  // namespace pact::train
