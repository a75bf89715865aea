// The sets of idx and MATLAB files and CIFAR-100, with files written here; and what options do to sets in
// memory.

#include <gtest/gtest.h>
#include <matio.h>
#include <zlib.h>

#include <cstdlib>
#include <numeric>

#include "base/caught.h"
#include "base/error.h"
#include "data/dataset.h"
#include "data/temporary_folder.h"

namespace pact::data {
namespace {

namespace fs = std::filesystem;

std::string idx(const std::vector<uint32_t>& shape, const std::string& bytes) {
  std::string file = {0, 0, 8, static_cast<char>(shape.size())};
  for (const uint32_t extent : shape)
    for (int shift = 24; shift >= 0; shift -= 8) file += static_cast<char>(extent >> shift);
  return file + bytes;
}

std::string counted(size_t count) {
  std::string bytes(count, '\0');
  std::iota(bytes.begin(), bytes.end(), '\0');
  return bytes;
}

std::string gzip(const std::string& bytes) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(bytes.size() + 1000, '\0'), in = bytes;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

class ArraySets : public testing::Test {
 protected:
  void write_mnist() {
    folder_.write("train-images-idx3-ubyte.gz", gzip(idx({5, 28, 28}, counted(5 * 784))));
    folder_.write("train-labels-idx1-ubyte", idx({5}, {0, 9, 3, 4, 1}));
    folder_.write("t10k-images-idx3-ubyte", idx({2, 28, 28}, counted(2 * 784)));
    folder_.write("t10k-labels-idx1-ubyte.gz", gzip(idx({2}, {7, 8})));
  }

  // X and y of a format-2 file; pixel (row, column, channel) of image i is i + 3 row + 5 column + 50 channel.
  void write_svhn(const std::string& name, const std::vector<uint8_t>& labels,
                  matio_compression how = MAT_COMPRESSION_ZLIB, size_t side = 32) {
    const size_t n = labels.size();
    std::vector<uint8_t> pixels;
    for (size_t i = 0; i < n; ++i)
      for (size_t c = 0; c < 3; ++c)
        for (size_t x = 0; x < side; ++x)
          for (size_t y = 0; y < side; ++y)
            pixels.push_back(static_cast<uint8_t>(i + 3 * y + 5 * x + 50 * c));
    mat_t* file = Mat_CreateVer((folder_.path() / name).c_str(), nullptr, MAT_FT_MAT5);
    size_t shape[] = {side, side, 3, n}, label_shape[] = {n, 1};
    matvar_t* x = Mat_VarCreate("X", MAT_C_UINT8, MAT_T_UINT8, 4, shape, pixels.data(), 0);
    matvar_t* y =
        Mat_VarCreate("y", MAT_C_UINT8, MAT_T_UINT8, 2, label_shape, const_cast<uint8_t*>(labels.data()), 0);
    EXPECT_EQ(Mat_VarWrite(file, x, how), 0);
    EXPECT_EQ(Mat_VarWrite(file, y, how), 0);
    Mat_VarFree(x);
    Mat_VarFree(y);
    Mat_Close(file);
  }

  std::string complaint(const std::string& set, Part part = Part::both) {
    return caught([&] { load_dataset(set + ":" + folder_.text(), part); });
  }
  std::string spec(const std::string& set, const std::string& options = "") {
    return set + ":" + folder_.text() + options;
  }

  TemporaryFolder folder_{testing::UnitTest::GetInstance()->current_test_info()->name()};
};

TEST_F(ArraySets, MnistFilesPlainAndCompressed) {
  write_mnist();
  for (const char* name : {"mnist", "fashion_mnist"}) {
    const TrainTest set = load_dataset(spec(name));
    EXPECT_EQ(set.train.image, (ImageShape{28, 28, 1}));
    EXPECT_EQ(set.train.labels, (std::vector<uint16_t>{0, 9, 3, 4, 1}));
    EXPECT_EQ(set.test.labels, (std::vector<uint16_t>{7, 8}));
    for (size_t i = 0; i < set.train.pixels.size(); ++i) ASSERT_EQ(set.train.pixels[i], i % 256);
    EXPECT_EQ(set.train.normalization.mean.size(), 1u);
  }
  EXPECT_EQ(load_dataset(spec("fashion_mnist")).test.classes[7], "sneaker");
  fs::create_directories(folder_.path() / "MNIST/raw");
  for (const auto& entry : fs::directory_iterator(folder_.path()))
    if (entry.is_regular_file())
      fs::rename(entry.path(), folder_.path() / "MNIST/raw" / entry.path().filename());
  EXPECT_EQ(load_dataset(spec("mnist")).train.count(), 5u);
}

TEST_F(ArraySets, DamagedMnistFiles) {
  write_mnist();
  const std::string images = gzip(idx({5, 28, 28}, counted(5 * 784)));
  const auto refused = [&](const std::string& bytes, const std::string& says) {
    folder_.write("train-images-idx3-ubyte.gz", bytes);
    EXPECT_PRED2(contains, complaint("mnist"), says);
    EXPECT_PRED2(contains, complaint("mnist"), "train-images-idx3-ubyte.gz");
  };
  refused(images.substr(0, images.size() / 2), "truncated");
  refused(images.substr(0, images.size() - 3), "truncated");
  std::string wrong = images;
  wrong[wrong.size() - 6] = static_cast<char>(wrong[wrong.size() - 6] ^ 1);  // the checksum
  refused(wrong, "is damaged");
  refused(idx({5, 28, 28}, counted(5 * 784 - 1)), "truncated: it ends after 3935 bytes");
  refused(idx({5, 28, 28}, counted(5 * 784 + 1)), "longer than its header says");
  refused(idx({5, 784}, counted(5 * 784)), "no idx file of bytes with 3 dimensions");
  refused(idx({5, 0, 28}, ""), "out of range");
  refused(idx({0xffffffff, 0xffff, 0xffff}, ""), "out of range");
  refused(idx({5, 28, 27}, counted(5 * 28 * 27)), "images of 28 x 27; they should have 28 x 28");
  refused(idx({4, 28, 28}, counted(4 * 784)), "has 4 images");
  refused("", "truncated");
  write_mnist();
  folder_.write("t10k-labels-idx1-ubyte.gz", gzip(idx({2}, {7, 10})));
  EXPECT_PRED2(contains, complaint("mnist"), "label 1 is 10; labels are 0 to 9");
  fs::remove(folder_.path() / "t10k-labels-idx1-ubyte.gz");
  fs::remove(folder_.path() / "train-labels-idx1-ubyte");
  EXPECT_PRED2(contains, complaint("mnist"), "lacks t10k-labels-idx1-ubyte, train-labels-idx1-ubyte");
  EXPECT_PRED2(contains, complaint("mnist", Part::test), "lacks t10k-labels-idx1-ubyte (");
}

TEST_F(ArraySets, Svhn) {
  write_svhn("train_32x32.mat", {1, 10, 9});
  write_svhn("test_32x32.mat", {2, 3}, MAT_COMPRESSION_NONE);
  write_svhn("extra_32x32.mat", {5});
  const TrainTest set = load_dataset(spec("svhn"));
  EXPECT_EQ(set.train.labels, (std::vector<uint16_t>{1, 0, 9}));
  EXPECT_EQ(set.test.labels, (std::vector<uint16_t>{2, 3}));
  for (size_t i = 0; i < 3; ++i)
    for (size_t y = 0; y < 32; ++y)
      for (size_t x = 0; x < 32; ++x)
        for (size_t c = 0; c < 3; ++c)
          ASSERT_EQ(set.train.pixels_of(i)[(y * 32 + x) * 3 + c],
                    static_cast<uint8_t>(i + 3 * y + 5 * x + 50 * c));
  EXPECT_EQ(load_dataset(spec("svhn", ",extra=yes")).train.labels, (std::vector<uint16_t>{1, 0, 9, 5}));
  EXPECT_EQ(load_dataset(spec("svhn", ",size=40")).test.image, (ImageShape{40, 40, 3}));
}

TEST_F(ArraySets, DamagedSvhnFiles) {
  write_svhn("test_32x32.mat", {2, 3});
  for (const matio_compression how : {MAT_COMPRESSION_ZLIB, MAT_COMPRESSION_NONE}) {
    write_svhn("train_32x32.mat", {1, 2, 3}, how);
    const std::string whole = read_file(folder_.path() / "train_32x32.mat");
    for (const size_t length :
         {size_t{0}, size_t{50}, size_t{128}, size_t{140}, size_t{200}, whole.size() / 2, whole.size() - 9}) {
      folder_.write("train_32x32.mat", whole.substr(0, length));
      EXPECT_PRED2(contains, complaint("svhn"), "train_32x32.mat") << length;
    }
  }
  write_svhn("train_32x32.mat", {1, 11});
  EXPECT_PRED2(contains, complaint("svhn"), "label 1 is 11; labels of SVHN are 1 to 10");
  write_svhn("train_32x32.mat", {0, 1});
  EXPECT_PRED2(contains, complaint("svhn"), "label 0 is 0");
  write_svhn("train_32x32.mat", {1}, MAT_COMPRESSION_ZLIB, 16);
  EXPECT_PRED2(contains, complaint("svhn"), "its array 'X' is 16 x 16 x 3");
  fs::remove(folder_.path() / "train_32x32.mat");
  EXPECT_PRED2(contains, complaint("svhn"), "lacks train_32x32.mat; `pact data get svhn`");
}

TEST_F(ArraySets, Cifar100TakesTheFineLabel) {
  const std::string record = std::string("\x05\x63", 2) + counted(3072);
  folder_.write("cifar-100-binary/train.bin", record + record);
  folder_.write("cifar-100-binary/test.bin", record);
  const TrainTest set = load_dataset(spec("cifar100"));
  EXPECT_EQ(set.train.labels, (std::vector<uint16_t>{99, 99}));
  EXPECT_EQ(set.train.classes[99], "worm");
  EXPECT_EQ(set.train.pixels_of(1)[3], 1);           // red of the second pixel
  EXPECT_EQ(set.train.pixels_of(1)[4], 1025 % 256);  // green
  folder_.write("cifar-100-binary/test.bin", std::string("\x05\x64", 2) + counted(3072));
  EXPECT_PRED2(contains, complaint("cifar100"), "test.bin: record 0 has label 100");
  folder_.write("cifar-100-binary/test.bin", record.substr(1));
  EXPECT_PRED2(contains, complaint("cifar100"), "truncated: 3073 bytes");
}

TEST_F(ArraySets, OptionsOfSetsInMemory) {
  write_mnist();
  EXPECT_PRED2(contains, caught([&] { load_dataset(spec("mnist", ",channels=2")); }),
               "channels is one of: 1, 3");
  const TrainTest set = load_dataset(spec("mnist", ",train=2,test=1,size=32,channels=3"));
  EXPECT_EQ(set.train.count(), 2u);
  EXPECT_EQ(set.test.count(), 1u);
  EXPECT_EQ(set.train.image, (ImageShape{32, 32, 3}));
  EXPECT_EQ(set.train.pixels.size(), 2u * 32 * 32 * 3);
  EXPECT_EQ(set.train.normalization.mean, (std::vector<double>{33, 33, 33}));
  EXPECT_EQ(set.train.pixels_of(0)[0], set.train.pixels_of(0)[2]);
  EXPECT_EQ(load_dataset(spec("mnist", ",train=1000")).train.count(), 5u);
  EXPECT_PRED2(contains, caught([&] { load_dataset(spec("mnist", ",train=0")); }),
               "train must be a whole number from 1");
  EXPECT_PRED2(contains, caught([&] { load_dataset(spec("mnist", ",tarin=1")); }), "did you mean 'train'");
  fs::rename(folder_.path(), folder_.text() + ",a");
  EXPECT_EQ(load_dataset("mnist:" + folder_.text() + ",a,test=1").test.count(), 1u)
      << "a comma in the folder's name";
  fs::rename(folder_.text() + ",a", folder_.path());
}

// The real set: PACT_DATA/fashion_mnist, or shared/data/fashion_mnist beside the checkout.
TEST(FashionMnistReal, IsCompleteAndBalanced) {
  const char* data = std::getenv("PACT_DATA");
  const fs::path shared = "../shared/data";
  const fs::path folder = (data ? fs::path(data) : shared) / "fashion_mnist";
  if (!fs::is_directory(folder))
    GTEST_SKIP()
        << "needs Fashion-MNIST: set PACT_DATA to the folder that holds fashion_mnist/ (see docs/data.md)";
  const TrainTest set = load_dataset("fashion_mnist:" + folder.string());
  ASSERT_EQ(set.train.count(), 60000u);
  ASSERT_EQ(set.test.count(), 10000u);
  for (const Dataset* part : {&set.train, &set.test}) {
    std::vector<size_t> of_class(10);
    for (const uint16_t label : part->labels) ++of_class[label];
    EXPECT_EQ(of_class, std::vector<size_t>(10, part->count() / 10));
  }
  const double mean = std::accumulate(set.train.pixels.begin(), set.train.pixels.end(), 0.0) / 60000 / 784;
  EXPECT_NEAR(mean, set.train.normalization.mean[0], 0.5);
}

}  // namespace
}  // namespace pact::data
