// Batches prepared ahead by threads. What batch b of epoch e holds is a pure function of (seed, e, b): the
// number of threads, and where a run was interrupted, do not matter.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "data/augment.h"
#include "data/dataset.h"

namespace pact::data {

// An image of a batch whose pixels lie elsewhere.
struct PlacedImage {
  size_t image = 0;
  Placement placement;
};

struct Batch {
  int64_t index = 0;                // within the epoch
  std::vector<uint8_t> pixels;      // NHWC
  std::vector<PlacedImage> placed;  // in their place, where the loader was asked for that
  std::vector<int64_t> labels;      // its size is the number of images
  size_t whole = 0;             // images of the batch, of which these are the share
  size_t count() const { return labels.size(); }
};

// Which part of every batch a loader makes, where several processes share the work: part `index` of `of`
// nearly equal ones. All parts together are the batch that a single loader makes, augmentation included.
struct Share {
  int index = 0, of = 1;
};

enum class Order { shuffled, sequential };
enum class LastBatch { drop, keep };  // what happens to a last batch that is not full

enum class Content { pixels, placements };  // of batches; placements: of sets that are held in memory

struct LoaderOptions {
  int64_t batch_size = 128;
  Order order = Order::shuffled;
  LastBatch last_batch = LastBatch::drop;
  Augmentation augmentation;
  uint64_t seed = 1;
  Share share;
  Content content = Content::pixels;
  int threads = 1;
  int ahead = 8;  // batches held ready
};

class Loader {
 public:
  // `dataset` must outlive the loader. Throws Error when no batch can be formed.
  Loader(const Dataset& dataset, const LoaderOptions& options);
  ~Loader();

  int64_t batches_per_epoch() const;

  // Begins epoch `epoch` at batch `first`; what was under way is thrown away.
  void start(int64_t epoch, int64_t first = 0);

  // The next batch of the epoch, or nothing at its end. Batches come in order. One thread at a time calls
  // start() and next(), start() first. Throws what preparing the batch threw.
  std::optional<Batch> next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The order of images in epoch `epoch`: a permutation of 0..count-1 (Fisher-Yates on Random(seed, epoch)).
std::vector<uint32_t> epoch_order(size_t count, uint64_t seed, int64_t epoch);

}  // namespace pact::data
