#include "data/folder.h"

#include <gtest/gtest.h>

#include <set>

#include "base/caught.h"
#include "base/error.h"
#include "base/random.h"
#include "data/folder_index.h"
#include "data/image_source.h"
#include "data/loader.h"
#include "data/png_decoder.h"
#include "data/synthetic_photo.h"
#include "data/temporary_folder.h"

namespace pact::data {
namespace {

namespace fs = std::filesystem;

std::string jpeg(uint64_t seed, int height = 40, int width = 56) {
  return encode_jpeg(synthetic_photo(height, width, seed), 85);
}

class Folder : public testing::Test {
 protected:
  // Three classes with 4, 6 and 8 images each, in train and val.
  void write_split() {
    const char* classes[] = {"ant", "bee", "cat"};
    for (uint64_t c = 0; c < 3; ++c)
      for (uint64_t i = 0; i < 4 + 2 * c; ++i) {
        folder_.write(fmt::format("train/{}/{}.JPEG", classes[c], i), jpeg(10 * c + i));
        if (i < 2) folder_.write(fmt::format("val/{}/{}.jpg", classes[c], i), jpeg(100 + 10 * c + i));
      }
  }

  TrainTest load(const std::string& options, Part part = Part::both) {
    return load_dataset("folder:" + folder_.text() + options, part);
  }
  std::string complaint(const std::string& options = ",size=16", Part part = Part::both) {
    return caught([&] { load(options, part); });
  }

  TemporaryFolder folder_{testing::UnitTest::GetInstance()->current_test_info()->name()};
};

std::vector<uint8_t> image_of(const Dataset& set, size_t index) {
  std::vector<uint8_t> pixels(set.image.pixels());
  set.read(index, pixels);
  return pixels;
}

TEST_F(Folder, ReadsTrainAndVal) {
  write_split();
  folder_.write("train/ant/notes.txt", "not an image");
  folder_.write("train/.hidden/x.jpg", "");
  folder_.write("val/bee/sub/deep.png", encode_png(synthetic_photo(30, 20, 1)));
  const TrainTest set = load(",size=16");
  EXPECT_EQ(set.train.classes, (std::vector<std::string>{"ant", "bee", "cat"}));
  EXPECT_EQ(set.train.image, (ImageShape{16, 16, 3}));
  EXPECT_EQ(set.train.count(), 18u);
  EXPECT_EQ(set.test.labels, (std::vector<uint16_t>{0, 0, 1, 1, 1, 2, 2}));
  EXPECT_TRUE(set.test.source->path_of(4).ends_with("val/bee/sub/deep.png"));
  EXPECT_TRUE(set.train.pixels.empty()) << "images are read when they are wanted";
  EXPECT_EQ(class_names("folder:" + folder_.text()), set.train.classes);
  EXPECT_EQ(load(",size=16", Part::test).train.count(), 0u);
}

TEST_F(Folder, EvaluationSeesTheMiddle) {
  // A black picture with a white middle: the crop of 28/32 of the short side leaves out the border.
  Image picture{{32, 64, 3}, std::vector<uint8_t>(32 * 64 * 3, 0)};
  for (int y = 2; y < 30; ++y)
    for (int x = 18; x < 46; ++x)
      for (int c = 0; c < 3; ++c) picture.pixels[static_cast<size_t>((y * 64 + x) * 3 + c)] = 255;
  for (const char* name : {"a", "b"}) folder_.write(fmt::format("{}/0.png", name), encode_png(picture));
  for (const char* name : {"a", "b"}) folder_.write(fmt::format("{}/1.png", name), encode_png(picture));
  const TrainTest set = load(",size=28,resize=32");
  EXPECT_EQ(image_of(set.test, 0), std::vector<uint8_t>(28 * 28 * 3, 255));
  const TrainTest grey = load(",size=28,resize=32,channels=1");
  EXPECT_EQ(image_of(grey.test, 0), std::vector<uint8_t>(28 * 28, 255));
  EXPECT_EQ(grey.test.normalization.mean.size(), 1u);
}

TEST_F(Folder, TrainingSeesRandomPartsByTheSeed) {
  write_split();
  const TrainTest set = load(",size=16,scale=0.3");
  LoaderOptions options;
  options.batch_size = 5;
  options.last_batch = LastBatch::keep;
  options.augmentation = {.pad = 4, .flip = Flip::random};
  const auto epoch = [&](int threads, int64_t number, int64_t first) {
    options.threads = threads;
    Loader loader(set.train, options);
    loader.start(number, first);
    std::vector<std::vector<uint8_t>> batches;
    while (const auto batch = loader.next()) batches.push_back(batch->pixels);
    return batches;
  };
  const auto one = epoch(1, 3, 0);
  EXPECT_EQ(one.size(), 4u);
  EXPECT_EQ(epoch(3, 3, 0), one);
  EXPECT_NE(epoch(1, 4, 0), one);
  const auto rest = epoch(2, 3, 2);
  EXPECT_EQ(rest, (std::vector(one.begin() + 2, one.end())))
      << "a resumed epoch has the batches it would have had";
}

// Without a crop an image is that of evaluation, perhaps mirrored; a flip changes no crop.
TEST_F(Folder, FlipAndCropAreIndependent) {
  write_split();
  const TrainTest set = load(",size=16");
  std::set<std::vector<uint8_t>> seen;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    std::vector<uint8_t> out(set.train.image.pixels());
    Random random(seed);
    read_augmented(set.train, 0, {.pad = 0, .flip = Flip::random}, random, out);
    seen.insert(out);
  }
  EXPECT_EQ(seen.size(), 2u);
  EXPECT_TRUE(seen.contains(image_of(set.train, 0)));
}

TEST_F(Folder, ASplitIsBySeedAndPathsAlone) {
  for (int c = 0; c < 3; ++c)
    for (int i = 0; i < 10; ++i)
      folder_.write(fmt::format("c{}/{}.png", c, i), encode_png(synthetic_photo(9, 9, 1)));
  const auto paths = [&](const std::string& options) {
    const TrainTest set = load(",size=8" + options);
    EXPECT_EQ(set.train.count() + set.test.count(), 30u);
    std::set<std::string> test;
    for (size_t i = 0; i < set.test.count(); ++i) test.insert(set.test.source->path_of(i));
    for (size_t i = 0; i < set.train.count(); ++i) EXPECT_FALSE(test.contains(set.train.source->path_of(i)));
    return test;
  };
  const auto usual = paths("");
  EXPECT_EQ(usual.size(), 6u);
  EXPECT_EQ(paths(",split=0.2,seed=1"), usual);
  EXPECT_NE(paths(",seed=2"), usual);
  EXPECT_EQ(paths(",split=0.5").size(), 15u);
  EXPECT_EQ(paths(",split=0").size(), 3u) << "at least one of each class";
  const TrainTest set = load(",size=8");
  EXPECT_EQ(set.test.labels, (std::vector<uint16_t>{0, 0, 1, 1, 2, 2}));
}

TEST_F(Folder, FewerImagesComeFromEveryClass) {
  write_split();
  EXPECT_EQ(load(",size=16,train=5,test=3").train.labels, (std::vector<uint16_t>{0, 0, 1, 1, 2}));
  EXPECT_EQ(load(",size=16,train=5,test=3").test.labels, (std::vector<uint16_t>{0, 1, 2}));
}

TEST_F(Folder, DamagedImagesAreListedOrSkipped) {
  write_split();
  const std::string whole = jpeg(1);
  folder_.write("train/ant/1.JPEG", whole.substr(0, whole.size() / 2));
  folder_.write("train/bee/0.JPEG", "");
  folder_.write("val/cat/1.jpg", "GIF89a");
  EXPECT_PRED2(contains, complaint(",size=16"), "val/cat/1.jpg: is neither a PNG nor a JPEG");
  for (const Part part : {Part::train, Part::both}) {
    const std::string message = complaint(",size=16", part);
    EXPECT_PRED2(contains, message, part == Part::train ? "2 of 18 images cannot" : "3 of 24 images cannot");
    EXPECT_PRED2(contains, message, "train/ant/1.JPEG: is a damaged JPEG");
    EXPECT_PRED2(contains, message, "train/bee/0.JPEG: is empty");
    EXPECT_PRED2(contains, message, "damaged=skip");
  }
  EXPECT_PRED2(contains, complaint(",size=16", Part::test), "val/cat/1.jpg: is neither a PNG nor a JPEG");
  const TrainTest set = load(",size=16,damaged=skip");
  EXPECT_EQ(set.train.count(), 16u);
  EXPECT_EQ(set.test.labels, (std::vector<uint16_t>{0, 0, 1, 1, 2}));
  ASSERT_EQ(set.train.notes.size(), 1u);
  EXPECT_PRED2(contains, set.train.notes[0], "2 of 18 images are damaged and left out");
  EXPECT_PRED2(contains, set.train.notes[0], "train/ant/1.JPEG");
}

// Damage in the middle shows when the image is read, or when all are looked through.
TEST_F(Folder, DamageInsideIsFoundWhenReadOrSkipped) {
  write_split();
  std::string bytes = jpeg(1);
  bytes.erase(bytes.size() / 2, bytes.size() / 3);
  folder_.write("train/ant/1.JPEG", bytes);
  const TrainTest set = load(",size=16");
  EXPECT_PRED2(contains, caught([&] { image_of(set.train, 1); }), "train/ant/1.JPEG: is a damaged JPEG");
  EXPECT_EQ(load(",size=16,damaged=skip").train.count(), 17u);
}

TEST_F(Folder, ListsAtMostTwentyDamagedImages) {
  for (int i = 0; i < 30; ++i) folder_.write(fmt::format("{}/{}.png", i % 2 ? "a" : "b", i), "x");
  const std::string message = complaint(",size=16,split=0", Part::train);
  EXPECT_PRED2(contains, message, "28 of 28 images");
  EXPECT_PRED2(contains, message, "and 8 more");
  EXPECT_PRED2(contains, complaint(",size=16,split=0,damaged=skip", Part::train), "no image can be read");
}

TEST_F(Folder, RefusesWrongClasses) {
  write_split();
  folder_.write("val/dog/0.jpg", jpeg(1));
  EXPECT_PRED2(contains, complaint(), "has classes that '" + folder_.text() + "/train' lacks: dog");
  fs::remove_all(folder_.path() / "val/dog");
  fs::create_directories(folder_.path() / "train/eel");
  EXPECT_PRED2(contains, complaint(), "no images in these classes of '" + folder_.text() + "/train': eel");
  fs::remove_all(folder_.path() / "train/eel");
  EXPECT_EQ(complaint(), "");
  fs::remove_all(folder_.path() / "val");
  fs::create_directories(folder_.path() / "val");
  EXPECT_PRED2(contains, complaint(), "val' has no images in folders of classes");
}

TEST_F(Folder, RefusesFoldersWithoutClasses) {
  EXPECT_PRED2(contains, complaint(), "has no folders of classes; it should hold train/CLASS/");
  folder_.write("only/0.jpg", jpeg(1));
  EXPECT_PRED2(contains, complaint(), "has one class only (only)");
  EXPECT_PRED2(contains, caught([] { load_dataset("folder:/nowhere"); }), "there is no folder '/nowhere'");
  EXPECT_PRED2(contains, caught([] { load_dataset("folder"); }), "folder:DIR");
}

TEST_F(Folder, RefusesBadOptions) {
  write_split();
  EXPECT_PRED2(contains, complaint(",size=4"), "size must be a whole number from 8 to 4096");
  EXPECT_PRED2(contains, complaint(",size=32,resize=16"), "resize must be a whole number from 32");
  EXPECT_PRED2(contains, complaint(",scale=0"), "scale must be a number from 0.0001 to 1");
  EXPECT_PRED2(contains, complaint(",crop=middle"), "resized, random");
  EXPECT_PRED2(contains, complaint(",damged=skip"), "did you mean 'damaged'");
  EXPECT_PRED2(contains, complaint(",size=16,size=32"), "given twice");
}

TEST_F(Folder, NamesOfSynsets) {
  for (const char* folder : {"n03888257", "n01440764"})
    folder_.write(fmt::format("imagenette2-160/train/{}/0.JPEG", folder), jpeg(1));
  folder_.write("imagenette2-160/val/n01440764/0.JPEG", jpeg(1));
  const std::string spec = "imagenette:" + folder_.text() + ",size=16";
  EXPECT_EQ(load_dataset(spec).test.classes, (std::vector<std::string>{"tench", "parachute"}));
  folder_.write("LOC_synset_mapping.txt", "n01440764 fish, Tinca tinca\nn03888257 parachute, chute\n");
  EXPECT_EQ(class_names(spec), (std::vector<std::string>{"fish", "parachute"}));
}

}  // namespace
}  // namespace pact::data
