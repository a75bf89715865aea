// Between the data layer's plain arrays and libtorch, and the evaluation loop that training shares.
#pragma once

#include <functional>

#include "data/loader.h"
#include "train/executor.h"
#include "train/trainer.h"

namespace pact::train {

// Views of the batch, which must outlive them: bytes [N,H,W,C] and labels [N].
at::Tensor pixels_of(const data::Batch& batch, const data::ImageShape& shape);
at::Tensor labels_of(const data::Batch& batch);

// Threads of libtorch from now on; 0: one per core.
void set_threads(int64_t threads);

Evaluation evaluate_executor(const Executor& executor, const data::Dataset& dataset,
                             const std::function<void(int64_t)>& on_progress);

}  // namespace pact::train
