#include "train/settle.h"

#include "base/error.h"
#include "train/batches.h"
#include "train/calibrate.h"

namespace pact::train {

void settle(graph::Network& network, std::span<const uint8_t> pixels) {
  set_threads(0);
  Parameters parameters = to_parameters(network);
  const Executor executor(network.graph, parameters);
  const graph::Shape& shape = network.graph.value(network.graph.inputs()[0]).type.shape;
  const int64_t image = shape[1] * shape[2] * shape[3];
  const int64_t count = static_cast<int64_t>(pixels.size()) / image;
  PACT_CHECK(count > 0 && count * image == static_cast<int64_t>(pixels.size()));
  // Nothing writes to the batch.
  const at::Tensor batch =
      at::from_blob(const_cast<uint8_t*>(pixels.data()), {count, shape[2], shape[3], shape[1]}, at::kByte);
  at::NoGradGuard no_grad;
  calibrate(executor, parameters, batch, Mode::train);
  executor.run(batch, {.mode = Mode::train, .momentum = 1.0});
  network.tensors = to_tensors(parameters);
}

}  // namespace pact::train
