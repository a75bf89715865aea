// Between the data layer's plain arrays and libtorch, and the evaluation loop that training shares.
#pragma once

#include <functional>

#include "data/loader.h"
#include "train/executor.h"
#include "train/images.h"
#include "train/processes/processes.h"
#include "train/trainer.h"

namespace pact::train {

// Views of the batch, which must outlive them: bytes [N,H,W,C] and labels [N].
at::Tensor view_of_pixels(const data::Batch& batch, const data::ImageShape& shape);
at::Tensor view_of_labels(const data::Batch& batch);

// Threads of libtorch from now on; 0: one per core, or, of several processes that share the cores, this one's
// part.
void set_threads(int64_t threads, const Processes* processes = nullptr);

// With several processes each takes its share of the images, and the result, which has no predictions then,
// is that of all.
Evaluation evaluate_executor(const Executor& executor, const Images& images,
                             const std::function<void(int64_t)>& on_progress,
                             const Processes* processes = nullptr);

inline data::Share share_of(const Processes* processes) {
  return processes ? data::Share{processes->rank(), processes->count()} : data::Share{};
}

}  // namespace pact::train
