// The evaluation loop, shared by `pact eval` and the end of each epoch.

#include <chrono>

#include "base/cpu.h"
#include "data/loader.h"
#include "train/batches.h"
#include "train/executor.h"
#include "train/gpu.h"
#include "train/trainer.h"

namespace pact::train {

Evaluation evaluate_executor(const Executor& executor, const Images& images,
                             const std::function<void(int64_t)>& on_progress, const Processes* processes) {
  // Small batches: an activation of 100 images stays in a CPU's second-level cache. A GPU wants more at once.
  const int64_t share = images.device().is_cpu() ? 100 : 500;
  const data::Dataset& dataset = images.dataset();
  at::NoGradGuard no_grad;
  const auto start = std::chrono::steady_clock::now();
  data::LoaderOptions options;
  options.share = share_of(processes);
  options.batch_size = std::min<int64_t>(share * options.share.of, static_cast<int64_t>(dataset.count()));
  options.order = data::Order::sequential;
  options.last_batch = data::LastBatch::keep;
  options.content = images.content();
  data::Loader loader(dataset, options);
  loader.start(0);
  Evaluation result;
  int64_t correct = 0;
  double loss_sum = 0;
  while (const std::optional<data::Batch> batch = loader.next()) {
    if (batch->count() == 0) continue;  // a share of a short last batch
    const at::Tensor labels = view_of_labels(*batch);
    const at::Tensor logits = executor.run(images.pixels_of(*batch), {}).to(at::kCPU);
    const at::Tensor predicted = logits.argmax(1).contiguous();
    correct += predicted.eq(labels).sum().item<int64_t>();
    const int64_t count = static_cast<int64_t>(batch->count());
    loss_sum += at::cross_entropy_loss(logits, labels).item<double>() * static_cast<double>(count);
    const int64_t* classes = predicted.data_ptr<int64_t>();
    for (int64_t i = 0; i < count; ++i) result.predictions.push_back(static_cast<int>(classes[i]));
    result.images += count;
    on_progress(result.images);
  }
  double sums[] = {static_cast<double>(correct), loss_sum, static_cast<double>(result.images)};
  if (processes) {
    processes->sum(std::span<double>(sums));
    result.images = static_cast<int64_t>(sums[2]);
    result.predictions.clear();
  }
  result.top1 = 100.0 * sums[0] / sums[2];
  result.loss = sums[1] / sums[2];
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

void set_threads(int64_t threads, const Processes* processes) {
  const int own_cores = std::max(1, usable_cores() / (processes ? processes->sharers() : 1));
  at::set_num_threads(static_cast<int>(threads > 0 ? threads : own_cores));
}

Evaluation evaluate(const graph::Network& network, const data::Dataset& dataset,
                    const EvaluateOptions& options) {
  set_threads(options.threads);
  const at::Device device = device_named(options.device);
  const Parameters parameters = to_parameters(network, device);
  return evaluate_executor(Executor(network.graph, parameters), Images(dataset, device), options.on_progress);
}

}  // namespace pact::train
