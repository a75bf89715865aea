#include "train/images.h"

#include <vector>

#include "base/error.h"
#include "train/batches.h"
#include "train/gpu.h"

namespace pact::train {

Images::Images(const data::Dataset& dataset, at::Device device)
    : dataset_(dataset), device_(device), content_(data::Content::pixels) {
  const bool is_on_gpu = !device.is_cpu() || gpu_of(at::empty({0}));
  if (!is_on_gpu || dataset.source) return;
  content_ = data::Content::placements;
  // libtorch has no tensor over constant memory; nobody writes to this one.
  auto* bytes = const_cast<uint8_t*>(dataset.pixels.data());
  const int64_t channels = dataset.image.channels;
  all_ = at::from_blob(bytes, {static_cast<int64_t>(dataset.pixels.size()) / channels, channels}, at::kByte)
             .to(device);
  const std::vector<uint8_t> outside = data::outside_of(dataset.normalization);
  outside_ = at::tensor(at::ArrayRef<uint8_t>(outside), at::kByte).to(device);
}

at::Tensor Images::pixels_of(const data::Batch& batch) const {
  return content_ == data::Content::placements ? place(batch)
                                               : view_of_pixels(batch, dataset_.image).to(device_);
}

at::Tensor Images::labels_of(const data::Batch& batch) const {
  return sent_to(device_, view_of_labels(batch));
}

// out(y, x) = image(y + dy, x' + dx), x' = x or width - 1 - x; for all images of the batch at once.
at::Tensor Images::place(const data::Batch& batch) const {
  PACT_CHECK(batch.placed.size() == batch.count());
  const auto count = static_cast<int64_t>(batch.count());
  const int64_t height = dataset_.image.height, width = dataset_.image.width,
                channels = dataset_.image.channels;
  std::vector<int64_t> numbers;
  for (const data::PlacedImage& p : batch.placed)
    numbers.insert(numbers.end(), {static_cast<int64_t>(p.image), p.placement.dy, p.placement.dx,
                                   p.placement.is_mirrored ? 1 : 0});
  const at::Tensor drawn = sent_to(device_, at::tensor(numbers, at::kLong)).view({count, 4, 1, 1});
  const at::Tensor image = drawn.select(1, 0), dy = drawn.select(1, 1), dx = drawn.select(1, 2),
                   is_mirrored = drawn.select(1, 3).to(at::kBool);
  const at::TensorOptions whole = drawn.options();
  const at::Tensor x = at::arange(width, whole).view({1, 1, width});
  const at::Tensor from_y = at::arange(height, whole).view({1, height, 1}) + dy;  // [N,H,1]
  const at::Tensor from_x = at::where(is_mirrored, width - 1 - x, x) + dx;        // [N,1,W]
  const at::Tensor is_inside =
      from_y.ge(0).logical_and(from_y.lt(height)).logical_and(from_x.ge(0).logical_and(from_x.lt(width)));
  const at::Tensor index =
      (image.view({count, 1, 1}) * height + from_y.clamp(0, height - 1)) * width + from_x.clamp(0, width - 1);
  const at::Tensor pixels = all_.index_select(0, index.flatten()).view({count, height, width, channels});
  return at::where(is_inside.unsqueeze(-1), pixels, outside_);
}

}  // namespace pact::train
