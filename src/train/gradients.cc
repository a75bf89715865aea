// The loss is a mean over images, so a share's part in it is its part of the images, and gradients add up.
// They travel in few messages, whose cost is more in their number than in their size.

#include "train/gradients.h"

#include <cmath>

#include "base/error.h"
#include "train/loss.h"
#include "train/sum_tensor.h"

namespace pact::train {
namespace {

constexpr int64_t kMessageNumbers = int64_t{4} << 20;

// Calls carry(message) with the tensors one behind the other, in messages of a bounded size, and copies what
// it left there back into them.
template <typename Carry>
void in_messages(const std::vector<at::Tensor>& tensors, const Carry& carry) {
  at::NoGradGuard no_grad;
  for (size_t first = 0; first < tensors.size();) {
    std::vector<at::Tensor> flat;
    int64_t numbers = 0;
    size_t end = first;
    while (end < tensors.size() && (end == first || numbers + tensors[end].numel() <= kMessageNumbers)) {
      flat.push_back(tensors[end].flatten());
      numbers += tensors[end++].numel();
    }
    const at::Tensor message = at::cat(flat);
    carry(message);
    for (int64_t at = 0; first < end; at += tensors[first++].numel())
      tensors[first].copy_(message.slice(0, at, at + tensors[first].numel()).view(tensors[first].sizes()));
  }
}

void sum_gradients(const Processes& processes, const Parameters& parameters) {
  std::vector<at::Tensor> gradients;
  for (const auto& [name, parameter] : parameters)
    if (parameter.grad().defined()) gradients.push_back(parameter.grad());
  in_messages(gradients, [&](const at::Tensor& message) { sum_over(processes, message); });
}

}  // namespace

BatchResult add_gradients(const data::Batch& batch, const Images& images, const Executor& executor,
                          const Parameters& parameters, const GradientsOptions& options) {
  const at::Tensor pixels = images.pixels_of(batch), labels = images.labels_of(batch);
  at::Tensor teacher_logits;
  if (options.teacher) {
    at::NoGradGuard no_grad;
    teacher_logits = options.teacher->run(pixels, {.precision = options.precision});
  }
  const at::Tensor logits = executor.run(
      pixels, {.mode = Mode::train, .precision = options.precision, .processes = options.processes});
  at::Tensor mean_loss = loss(options.settings, logits, labels, teacher_logits);
  const double count = static_cast<double>(batch.count()), whole = static_cast<double>(batch.whole);
  double sums[] = {mean_loss.item<double>() * count, logits.argmax(1).eq(labels).sum().item<double>(),
                   options.stop == GradientsOptions::Stop::asked ? 1.0 : 0.0};
  if (options.processes) options.processes->sum(std::span<double>(sums));
  const BatchResult result{sums[0], sums[1], whole, sums[2] > 0};
  if (!std::isfinite(result.loss_sum)) return result;
  if (options.processes) mean_loss = mean_loss * (count / whole);
  mean_loss.backward();
  if (options.processes) sum_gradients(*options.processes, parameters);
  return result;
}

void copy_first(const Processes& processes, const Parameters& parameters) {
  std::vector<at::Tensor> tensors;
  for (const auto& [name, tensor] : parameters) {
    PACT_CHECK(tensor.scalar_type() == at::kFloat);
    tensors.push_back(tensor);
  }
  in_messages(tensors, [&](const at::Tensor& message) {
    const at::Tensor here = message.to(at::kCPU);
    const std::span numbers(here.data_ptr<float>(), static_cast<size_t>(here.numel()));
    processes.copy_first(std::as_writable_bytes(numbers));
    if (!here.is_same(message)) message.copy_(here);
  });
}

}  // namespace pact::train
