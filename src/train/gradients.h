// The gradients of one batch, of which each of several processes may have its share: forward, loss, backward,
// and the sums over all processes.
#pragma once

#include "data/loader.h"
#include "train/executor.h"
#include "train/images.h"
#include "train/processes/processes.h"
#include "train/settings.h"

namespace pact::train {

struct GradientsOptions {
  const Settings& settings;
  Precision precision = Precision::fp32;
  const Executor* teacher = nullptr;                        // or none
  const Processes* processes = nullptr;                     // or none: the batch is whole
  enum class Stop { unasked, asked } stop = Stop::unasked;  // of this process
};

struct BatchResult {
  double loss_sum = 0, correct = 0, images = 0;  // of the whole batch
  bool stop = false;                             // some process was asked to
};

// Adds the gradients of the mean loss of the whole batch to those that `parameters`, of the executor's
// network, carry; every process ends with the same ones. Where the loss is not finite it leaves them alone.
BatchResult add_gradients(const data::Batch& batch, const Images& images, const Executor& executor,
                          const Parameters& parameters, const GradientsOptions& options);

// Replaces the numbers by those of process 0.
void copy_first(const Processes& processes, const Parameters& parameters);

}  // namespace pact::train
