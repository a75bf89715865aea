#include "data/cifar10.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/files.h"

namespace pact::data {
namespace {

// Whether a message holds what its reader needs.
bool says(const std::string& message, const std::string& part) {
  return message.find(part) != std::string::npos;
}

namespace fs = std::filesystem;

constexpr size_t kRecord = 3073;

// A folder of its own for each test, removed at its end.
class Cifar10 : public testing::Test {
 protected:
  Cifar10() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() / fmt::format("pact-{}-{}", test->name(), ::getpid());
    fs::create_directories(folder_);
  }
  ~Cifar10() override { fs::remove_all(folder_); }

  // `records` records; record r has label (first_label + r) mod 10, and in plane c at row y, column x the
  // pixel (r + 50 c + 3 y + 5 x) mod 256.
  static std::string records(int count, int first_label = 0) {
    std::string bytes;
    for (int r = 0; r < count; ++r) {
      bytes += static_cast<char>((first_label + r) % 10);
      for (int c = 0; c < 3; ++c) {
        for (int y = 0; y < 32; ++y) {
          for (int x = 0; x < 32; ++x) bytes += static_cast<char>(r + 50 * c + 3 * y + 5 * x);
        }
      }
    }
    return bytes;
  }

  void write_all(const fs::path& folder) {
    fs::create_directories(folder);
    for (int i = 1; i <= 5; ++i)
      write_file(folder / fmt::format("data_batch_{}.bin", i), records(2, 2 * i - 2));
    write_file(folder / "test_batch.bin", records(3, 7));
  }

  // The message of the error that reading the folder ends in.
  std::string complaint(Part part = Part::both) {
    try {
      load_cifar10(folder_.string(), part);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::bad_input);
      return error.what();
    }
    return "no error";
  }

  fs::path folder_;
};

TEST_F(Cifar10, ReadsEveryRecordInOrder) {
  write_all(folder_);
  const TrainTest set = load_dataset("cifar10:" + folder_.string());
  EXPECT_EQ(set.train.name, "cifar10:" + folder_.string());
  EXPECT_EQ(set.train.labels, (std::vector<uint16_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(set.test.labels, (std::vector<uint16_t>{7, 8, 9}));
  EXPECT_EQ(set.test.image, (ImageShape{32, 32, 3}));
  EXPECT_EQ(set.test.classes.size(), 10u);
  EXPECT_EQ(set.test.classes[9], "truck");
}

TEST_F(Cifar10, TurnsPlanesIntoPixels) {
  write_all(folder_);
  const Dataset test = load_cifar10(folder_.string(), Part::test).test;
  ASSERT_EQ(test.pixels.size(), 3u * 32 * 32 * 3);
  for (int r = 0; r < 3; ++r) {
    const auto image = test.pixels_of(static_cast<size_t>(r));
    for (int y = 0; y < 32; ++y) {
      for (int x = 0; x < 32; ++x) {
        for (int c = 0; c < 3; ++c) {
          ASSERT_EQ(image[static_cast<size_t>((y * 32 + x) * 3 + c)],
                    static_cast<uint8_t>(r + 50 * c + 3 * y + 5 * x));
        }
      }
    }
  }
}

TEST_F(Cifar10, NormalizationIsExactInBinary) {
  write_all(folder_);
  const Normalization n = load_cifar10(folder_.string(), Part::test).test.normalization;
  EXPECT_EQ(n.mean, (std::vector<double>{125, 123, 114}));
  EXPECT_EQ(n.std, (std::vector<double>{64, 64, 64}));
}

TEST_F(Cifar10, ReadsOnlyThePartAskedFor) {
  write_all(folder_);
  fs::remove(folder_ / "test_batch.bin");
  const TrainTest set = load_cifar10(folder_.string(), Part::train);
  EXPECT_EQ(set.train.count(), 10u);
  EXPECT_EQ(set.test.count(), 0u);
  EXPECT_EQ(set.test.classes.size(), 10u);
  EXPECT_PRED2(says, complaint(), "lacks test_batch.bin.");
}

TEST_F(Cifar10, FindsTheFolderThatTheArchiveUnpacksTo) {
  write_all(folder_ / "cifar-10-batches-bin");
  EXPECT_EQ(load_cifar10(folder_.string(), Part::both).train.count(), 10u);
  fs::remove(folder_ / "cifar-10-batches-bin" / "data_batch_4.bin");
  EXPECT_PRED2(says, complaint(), "cifar-10-batches-bin' lacks data_batch_4.bin.");
}

TEST_F(Cifar10, SaysWhichFilesAreMissing) {
  write_all(folder_);
  fs::remove(folder_ / "data_batch_2.bin");
  fs::remove(folder_ / "data_batch_5.bin");
  EXPECT_PRED2(says, complaint(), "lacks data_batch_2.bin, data_batch_5.bin. It should contain");
}

TEST_F(Cifar10, KnowsThePythonVersion) {
  write_file(folder_ / "data_batch_1", "pickled");
  EXPECT_PRED2(says, complaint(), "looks like the Python version");
}

TEST_F(Cifar10, RefusesAMissingFolderAndNone) {
  EXPECT_THROW(load_cifar10("", Part::both), Error);
  EXPECT_THROW(load_dataset("cifar10"), Error);
  fs::remove_all(folder_);
  EXPECT_PRED2(says, complaint(), "there is no folder");
}

TEST_F(Cifar10, RefusesATruncatedFile) {
  write_all(folder_);
  write_file(folder_ / "data_batch_3.bin", records(2).substr(0, 2 * kRecord - 1));
  EXPECT_PRED2(says, complaint(), "data_batch_3.bin: truncated: 6145 bytes");
  write_file(folder_ / "data_batch_3.bin", "");
  EXPECT_PRED2(says, complaint(), "data_batch_3.bin: truncated: 0 bytes");
}

TEST_F(Cifar10, RefusesAFileThatIsTooLong) {
  write_all(folder_);
  write_file(folder_ / "test_batch.bin", std::string(10001 * kRecord, '\1'));
  EXPECT_PRED2(says, complaint(), "test_batch.bin: 30733073 bytes are too many");
  write_file(folder_ / "test_batch.bin", std::string(10000 * kRecord, '\1'));
  EXPECT_EQ(load_cifar10(folder_.string(), Part::test).test.count(), 10000u);
}

TEST_F(Cifar10, RefusesALabelOutOfRange) {
  write_all(folder_);
  std::string bytes = records(2);
  bytes[kRecord] = 10;
  write_file(folder_ / "data_batch_1.bin", bytes);
  EXPECT_PRED2(says, complaint(), "data_batch_1.bin: record 1 has label 10");
  bytes[kRecord] = '\xff';
  write_file(folder_ / "data_batch_1.bin", bytes);
  EXPECT_PRED2(says, complaint(), "label 255");
}

// The real set: PACT_DATA/cifar10, or shared/data/cifar10 beside the checkout.
TEST(Cifar10Real, IsCompleteAndBalanced) {
  const char* data = std::getenv("PACT_DATA");
  fs::path folder = "../shared/data/cifar10";
  if (data != nullptr) folder = fs::path(data) / "cifar10";
  if (!fs::is_directory(folder)) {
    GTEST_SKIP() << "needs CIFAR-10: set PACT_DATA to the folder that holds cifar10/ (see docs/data.md)";
  }
  const TrainTest set = load_cifar10(folder.string(), Part::both);
  for (const Dataset* part : {&set.train, &set.test}) {
    std::vector<size_t> of_class(10);
    for (const uint16_t label : part->labels) ++of_class[label];
    EXPECT_EQ(of_class, std::vector<size_t>(10, part->count() / 10));
  }
  ASSERT_EQ(set.train.count(), 50000u);
  ASSERT_EQ(set.test.count(), 10000u);
  EXPECT_EQ(set.train.labels[0], 6);  // a frog
  EXPECT_EQ(set.test.labels[0], 3);   // a cat
  // The means that the normalization rounds.
  std::vector<double> mean(3);
  for (size_t i = 0; i < set.train.pixels.size(); ++i) mean[i % 3] += set.train.pixels[i];
  for (size_t c = 0; c < 3; ++c) {
    EXPECT_NEAR(mean[c] / (50000 * 1024), set.train.normalization.mean[c], 0.5);
  }
}

}  // namespace
}  // namespace pact::data
