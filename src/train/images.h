// The images of a data set as batches where the network computes. On the CPU a batch comes with its pixels.
// Sets that are held in memory are copied to a GPU once; there a batch is made from the numbers of its images
// and what was drawn for them, and has the same bytes. Batches of sets that are read from files are copied,
// one by one.
#pragma once

#include "data/loader.h"
#include "train/torch.h"

namespace pact::train {

class Images {
 public:
  // `dataset` must outlive it.
  Images(const data::Dataset& dataset, at::Device device);

  // What loaders are to make for it.
  data::Content content() const { return content_; }
  // Bytes [N,H,W,C] and labels [N]. On the CPU views of the batch, which must outlive them.
  at::Tensor pixels_of(const data::Batch& batch) const;
  at::Tensor labels_of(const data::Batch& batch) const;

  const data::Dataset& dataset() const { return dataset_; }
  const at::Device& device() const { return device_; }

 private:
  at::Tensor place(const data::Batch& batch) const;

  const data::Dataset& dataset_;
  at::Device device_;
  data::Content content_;
  at::Tensor all_;      // where placed: [images * H * W, C]
  at::Tensor outside_;  // [C]
};

}  // namespace pact::train
