#include "data/loader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"

namespace pact::data {
namespace {

// Whether a message holds what its reader needs.
bool says(const std::string& message, const std::string& part) {
  return message.find(part) != std::string::npos;
}

// `count` images of 4 x 4 x 2 in which every byte of image i is i; label i mod 7.
Dataset numbered(size_t count) {
  Dataset set;
  set.name = "numbered";
  set.image = {4, 4, 2};
  set.classes.assign(7, "class");
  set.normalization = {.mean = {250, 251}, .std = {64, 64}};
  for (size_t i = 0; i < count; ++i) {
    set.labels.push_back(static_cast<uint16_t>(i % 7));
    set.pixels.insert(set.pixels.end(), set.image.pixels(), static_cast<uint8_t>(i));
  }
  return set;
}

LoaderOptions batches_of(int64_t size, LastBatch last = LastBatch::keep) {
  LoaderOptions options;
  options.batch_size = size;
  options.last_batch = last;
  return options;
}

std::vector<Batch> rest_of(Loader& loader) {
  std::vector<Batch> batches;
  while (auto batch = loader.next()) batches.push_back(std::move(*batch));
  return batches;
}

std::vector<Batch> epoch_of(const Dataset& set, const LoaderOptions& options, int64_t epoch,
                            int64_t first = 0) {
  Loader loader(set, options);
  loader.start(epoch, first);
  return rest_of(loader);
}

void expect_equal(const std::vector<Batch>& a, const std::vector<Batch>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].index, b[i].index);
    EXPECT_EQ(a[i].labels, b[i].labels);
    EXPECT_EQ(a[i].pixels, b[i].pixels);
  }
}

TEST(EpochOrder, IsAPermutationOfItsOwnPerEpochAndSeed) {
  const auto order = epoch_order(100, 1, 0);
  EXPECT_EQ(order, epoch_order(100, 1, 0));
  EXPECT_NE(order, epoch_order(100, 1, 1));
  EXPECT_NE(order, epoch_order(100, 2, 0));
  auto sorted = order;
  std::ranges::sort(sorted);
  std::vector<uint32_t> all(100);
  std::iota(all.begin(), all.end(), 0u);
  EXPECT_EQ(sorted, all);
  EXPECT_TRUE(epoch_order(0, 1, 0).empty());
}

TEST(Loader, GivesEveryImageOncePerEpoch) {
  const Dataset set = numbered(50);
  for (const Order order : {Order::shuffled, Order::sequential}) {
    LoaderOptions options = batches_of(8);
    options.order = order;
    std::vector<int> seen(50);
    int64_t index = 0;
    for (const Batch& batch : epoch_of(set, options, 3)) {
      EXPECT_EQ(batch.index, index++);
      ASSERT_EQ(batch.pixels.size(), batch.count() * set.image.pixels());
      for (size_t i = 0; i < batch.count(); ++i) {
        const size_t image = batch.pixels[i * set.image.pixels()];
        ++seen[image];
        EXPECT_EQ(batch.labels[i], set.labels[image]);
      }
    }
    EXPECT_EQ(index, 7);
    EXPECT_EQ(seen, std::vector<int>(50, 1));
  }
}

TEST(Loader, SequentialKeepsTheOrderOfTheSet) {
  const Dataset set = numbered(20);
  LoaderOptions options = batches_of(20);
  options.order = Order::sequential;
  EXPECT_EQ(epoch_of(set, options, 5).at(0).pixels, set.pixels);
}

TEST(Loader, DropsOrKeepsAShortLastBatch) {
  const Dataset set = numbered(50);
  EXPECT_EQ(Loader(set, batches_of(8, LastBatch::drop)).batches_per_epoch(), 6);
  EXPECT_EQ(Loader(set, batches_of(8, LastBatch::keep)).batches_per_epoch(), 7);
  EXPECT_EQ(Loader(set, batches_of(10, LastBatch::keep)).batches_per_epoch(), 5);
  EXPECT_EQ(epoch_of(set, batches_of(8, LastBatch::drop), 0).size(), 6u);
  EXPECT_EQ(epoch_of(set, batches_of(8, LastBatch::keep), 0).back().count(), 2u);
  EXPECT_EQ(epoch_of(set, batches_of(64, LastBatch::keep), 0).at(0).count(), 50u);
}

TEST(Loader, ThreadsAndDepthDoNotMatter) {
  const Dataset set = numbered(200);
  LoaderOptions options = batches_of(8);
  options.augmentation = {.pad = 1, .flip = Flip::random};
  options.ahead = 1;
  const auto expected = epoch_of(set, options, 2);
  options.threads = 3;
  expect_equal(epoch_of(set, options, 2), expected);
  options.ahead = 5;
  expect_equal(epoch_of(set, options, 2), expected);
  options.ahead = 100;
  expect_equal(epoch_of(set, options, 2), expected);
}

TEST(Loader, EpochsAndSeedsDiffer) {
  const Dataset set = numbered(100);
  LoaderOptions options = batches_of(100);
  options.order = Order::sequential;  // what differs then is the augmentation
  options.augmentation = {.pad = 1, .flip = Flip::random};
  const Batch first = epoch_of(set, options, 0).at(0);
  EXPECT_NE(epoch_of(set, options, 1).at(0).pixels, first.pixels);
  options.seed = 2;
  EXPECT_NE(epoch_of(set, options, 0).at(0).pixels, first.pixels);
}

TEST(Loader, StartsInTheMiddleOfAnEpoch) {
  const Dataset set = numbered(100);
  LoaderOptions options = batches_of(8);
  options.threads = 2;
  options.augmentation = {.pad = 1, .flip = Flip::random};
  auto expected = epoch_of(set, options, 4);
  expected.erase(expected.begin(), expected.begin() + 5);
  expect_equal(epoch_of(set, options, 4, 5), expected);
  EXPECT_TRUE(epoch_of(set, options, 4, 13).empty());
  Loader loader(set, options);
  EXPECT_THROW(loader.start(0, 14), Error);
  EXPECT_THROW(loader.start(0, -1), Error);
}

TEST(Loader, StartThrowsAwayWhatWasUnderWay) {
  const Dataset set = numbered(200);
  LoaderOptions options = batches_of(4);
  options.threads = 3;
  options.ahead = 4;
  Loader loader(set, options);
  for (int64_t epoch = 0; epoch < 30; ++epoch) {
    loader.start(epoch);
    for (int64_t i = 0; i < epoch % 5; ++i) loader.next();
  }
  loader.start(7, 3);
  expect_equal(rest_of(loader), epoch_of(set, options, 7, 3));
  EXPECT_FALSE(loader.next());
  EXPECT_FALSE(loader.next());
}

TEST(Loader, MayBeDroppedAtAnyTime) {
  const Dataset set = numbered(200);
  LoaderOptions options = batches_of(4);
  options.threads = 3;
  for (int i = 0; i < 30; ++i) {
    Loader loader(set, options);
    if (i % 3 > 0) loader.start(i);
    if (i % 3 > 1) loader.next();
  }
}

TEST(Loader, PassesOnAnErrorOfItsThreads) {
  Dataset set = numbered(100);
  LoaderOptions options = batches_of(8);
  options.threads = 2;
  Loader loader(set, options);
  set.normalization.mean.clear();  // the augmentation refuses this
  loader.start(0);
  EXPECT_THROW(loader.next(), Error);
  EXPECT_THROW(loader.next(), Error);
}

TEST(Loader, MustBeStarted) {
  const Dataset set = numbered(10);
  Loader loader(set, batches_of(5));
  EXPECT_THROW(loader.next(), Error);
}

TEST(Loader, RefusesWhatGivesNoBatch) {
  const auto complaint = [](const Dataset& set, const LoaderOptions& options) -> std::string {
    try {
      const Loader loader(set, options);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  const Dataset set = numbered(50);
  EXPECT_PRED2(says, complaint(numbered(0), batches_of(8)), "'numbered' has no images");
  EXPECT_PRED2(says, complaint(set, batches_of(51, LastBatch::drop)), "batch size 51 is larger than");
  EXPECT_PRED2(says, complaint(set, batches_of(0)), "batch size 0");
  LoaderOptions options = batches_of(8);
  options.threads = 0;
  EXPECT_PRED2(says, complaint(set, options), "0 loader threads");
  options = batches_of(8);
  options.ahead = 0;
  EXPECT_PRED2(says, complaint(set, options), "0 batches ahead");
  options = batches_of(8);
  options.augmentation.pad = -1;
  EXPECT_PRED2(says, complaint(set, options), "pad -1");
}

TEST(Loader, SharesMakeUpTheBatchOfOneLoader) {
  const Dataset set = numbered(23);
  LoaderOptions options = batches_of(10);  // the last batch has 3
  options.augmentation = {1, Flip::random};
  const std::vector<Batch> whole = epoch_of(set, options, 5);
  for (const int shares : {1, 2, 4}) {
    std::vector<Batch> joined(whole.size());
    for (int index = 0; index < shares; ++index) {
      options.share = {index, shares};
      const std::vector<Batch> parts = epoch_of(set, options, 5);
      ASSERT_EQ(parts.size(), whole.size());
      for (size_t b = 0; b < parts.size(); ++b) {
        EXPECT_EQ(parts[b].whole, whole[b].count());
        EXPECT_LE(parts[b].count(), whole[b].count() / static_cast<size_t>(shares) + 1);
        joined[b].index = parts[b].index;
        joined[b].labels.insert(joined[b].labels.end(), parts[b].labels.begin(), parts[b].labels.end());
        joined[b].pixels.insert(joined[b].pixels.end(), parts[b].pixels.begin(), parts[b].pixels.end());
      }
    }
    expect_equal(joined, whole);
  }
}

}  // namespace
}  // namespace pact::data
