// Threads claim batch numbers in order and put what they made into a ring of slots; next() empties the slots
// in the same order. A claim waits while its slot is still full, so memory is bounded by `ahead` batches.
// start() raises the generation: a batch that was begun before it is dropped when it is done.
#include "data/loader.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <numeric>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/words.h"
#include "data/image_source.h"

namespace pact::data {
namespace {

// One image's stream of random numbers. Stream 0 of an epoch is the order of its images.
Random image_random(uint64_t seed, int64_t epoch, size_t image) {
  return Random(seed, static_cast<uint64_t>(epoch), image + 1);
}

void check_options(const Dataset& dataset, const LoaderOptions& options) {
  if (options.batch_size < 1) fail("batch size {}: must be at least 1", options.batch_size);
  if (options.threads < 1) fail("{} loader threads: must be at least 1", options.threads);
  PACT_CHECK(options.share.index >= 0 && options.share.index < options.share.of);
  if (options.ahead < 1) fail("{} batches ahead: must be at least 1", options.ahead);
  if (options.augmentation.pad < 0) fail("augmentation pad {}: must be at least 0", options.augmentation.pad);
  if (dataset.count() == 0) fail("data set '{}' has no images in this part", dataset.name);
  if (options.last_batch == LastBatch::drop && static_cast<uint64_t>(options.batch_size) > dataset.count()) {
    fail("batch size {} is larger than data set '{}' with its {}", options.batch_size, dataset.name,
         counted(static_cast<long long>(dataset.count()), "image"));
  }
  PACT_CHECK(!dataset.source || options.content == Content::pixels);
  PACT_CHECK(dataset.source || dataset.pixels.size() == dataset.count() * dataset.image.pixels());
}

}  // namespace

std::vector<uint32_t> epoch_order(size_t count, uint64_t seed, int64_t epoch) {
  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), uint32_t{0});
  Random random(seed, static_cast<uint64_t>(epoch));
  for (size_t i = count; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

struct Loader::State {
  struct Epoch {
    int64_t number = 0;
    std::vector<uint32_t> order;
  };
  struct Slot {
    std::optional<Batch> batch;
    std::exception_ptr error;
    bool full() const { return batch || error; }
  };

  const Dataset& dataset;
  const LoaderOptions options;
  const int64_t batches;

  std::mutex mutex;  // guards all below
  std::condition_variable room;
  std::condition_variable ready;
  bool stopping = false;
  uint64_t generation = 0;
  std::shared_ptr<const Epoch> epoch;  // shared: a thread may still read the old one after start()
  int64_t to_make = 0;                 // the batch that is claimed next
  int64_t to_give = 0;                 // the batch that next() returns
  std::vector<Slot> slots;             // batch b in slot b % ahead

  std::vector<std::thread> threads;

  State(const Dataset& d, const LoaderOptions& o, int64_t n)
      : dataset(d), options(o), batches(n), slots(static_cast<size_t>(o.ahead)) {}

  Slot& slot_of(int64_t index) { return slots[static_cast<size_t>(index % options.ahead)]; }

  Batch make(const Epoch& of, int64_t index) const {
    const size_t batch_first = static_cast<size_t>(index * options.batch_size);
    const size_t whole = std::min(static_cast<size_t>(options.batch_size), dataset.count() - batch_first);
    const size_t part = static_cast<size_t>(options.share.index);
    const size_t parts = static_cast<size_t>(options.share.of);
    const size_t first = batch_first + whole * part / parts;
    const size_t count = batch_first + whole * (part + 1) / parts - first;
    const size_t image_bytes = dataset.image.pixels();
    Batch batch;
    batch.index = index;
    batch.whole = whole;
    batch.labels.resize(count);
    if (options.content == Content::pixels)
      batch.pixels.resize(count * image_bytes);
    else
      batch.placed.resize(count);
    for (size_t i = 0; i < count; ++i) {
      const size_t image = of.order[first + i];
      Random random = image_random(options.seed, of.number, image);
      if (options.content == Content::pixels)
        read_augmented(dataset, image, options.augmentation, random,
                       std::span(batch.pixels).subspan(i * image_bytes, image_bytes));
      else
        batch.placed[i] = {image, draw_placement(options.augmentation, random)};
      batch.labels[i] = dataset.labels[image];
    }
    return batch;
  }

  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      room.wait(lock, [&] {
        return stopping || (epoch && to_make < batches && to_make < to_give + options.ahead);
      });
      if (stopping) return;
      const int64_t index = to_make++;
      const uint64_t began_in = generation;
      const std::shared_ptr<const Epoch> of = epoch;
      lock.unlock();
      Slot made;
      try {
        made.batch = make(*of, index);
      } catch (...) {
        made.error = std::current_exception();
      }
      lock.lock();
      if (generation != began_in) continue;
      slot_of(index) = std::move(made);
      if (index == to_give) ready.notify_all();
    }
  }

  void stop() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    room.notify_all();
    for (std::thread& thread : threads) thread.join();
    threads.clear();
  }
};

Loader::Loader(const Dataset& dataset, const LoaderOptions& options) {
  check_options(dataset, options);
  const int64_t count = static_cast<int64_t>(dataset.count());
  const int64_t rest = count % options.batch_size;
  const int64_t short_batches = options.last_batch == LastBatch::keep && rest > 0 ? 1 : 0;
  state_ = std::make_unique<State>(dataset, options, count / options.batch_size + short_batches);
  try {
    for (int i = 0; i < options.threads; ++i) state_->threads.emplace_back([s = state_.get()] { s->work(); });
  } catch (...) {  // the system refused a thread: those that run must not outlive the state
    state_->stop();
    throw;
  }
}

Loader::~Loader() { state_->stop(); }

int64_t Loader::batches_per_epoch() const { return state_->batches; }

void Loader::start(int64_t epoch, int64_t first) {
  if (first < 0 || first > state_->batches) {
    fail("cannot start at batch {} of an epoch of {} batches", first, state_->batches);
  }
  State::Epoch begun{epoch, {}};
  if (state_->options.order == Order::shuffled) {
    begun.order = epoch_order(state_->dataset.count(), state_->options.seed, epoch);
  } else {
    begun.order.resize(state_->dataset.count());
    std::iota(begun.order.begin(), begun.order.end(), uint32_t{0});
  }
  {
    const std::lock_guard lock(state_->mutex);
    ++state_->generation;
    state_->epoch = std::make_shared<const State::Epoch>(std::move(begun));
    state_->to_make = state_->to_give = first;
    for (State::Slot& slot : state_->slots) slot = {};
  }
  state_->room.notify_all();
}

// An error stays in its slot: every later call meets it again, until start().
std::optional<Batch> Loader::next() {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  PACT_CHECK(state.epoch != nullptr);
  if (state.to_give == state.batches) return std::nullopt;
  State::Slot& slot = state.slot_of(state.to_give);
  state.ready.wait(lock, [&] { return slot.full(); });
  if (slot.error) std::rethrow_exception(slot.error);
  std::optional<Batch> batch = std::exchange(slot.batch, std::nullopt);
  ++state.to_give;
  lock.unlock();
  state.room.notify_one();
  return batch;
}

}  // namespace pact::data
