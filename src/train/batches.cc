#include "train/batches.h"

namespace pact::train {

at::Tensor view_of_pixels(const data::Batch& batch, const data::ImageShape& shape) {
  // libtorch has no tensor over constant memory; nobody writes to this one.
  auto* bytes = const_cast<uint8_t*>(batch.pixels.data());
  return at::from_blob(bytes,
                       {static_cast<int64_t>(batch.count()), shape.height, shape.width, shape.channels},
                       at::TensorOptions().dtype(at::kByte));
}

at::Tensor view_of_labels(const data::Batch& batch) {
  auto* labels = const_cast<int64_t*>(batch.labels.data());
  return at::from_blob(labels, {static_cast<int64_t>(batch.count())}, at::TensorOptions().dtype(at::kLong));
}

}  // namespace pact::train
