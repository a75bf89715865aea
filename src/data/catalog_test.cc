#include <gtest/gtest.h>

#include "base/caught.h"
#include "data/dataset.h"
#include "data/describe.h"
#include "data/temporary_folder.h"

namespace pact::data {
namespace {

// Whether a message holds what its reader needs.
bool says(const std::string& message, const std::string& part) {
  return message.find(part) != std::string::npos;
}

TEST(Catalog, ListsWhatCanBeLoaded) {
  std::vector<std::string> names;
  for (const DatasetEntry& entry : dataset_catalog()) {
    names.push_back(entry.name);
    EXPECT_TRUE(entry.usage.starts_with(entry.name));
    EXPECT_FALSE(entry.description.empty());
  }
  EXPECT_EQ(names, (std::vector<std::string>{"shapes", "cifar10", "cifar100", "svhn", "mnist",
                                             "fashion_mnist", "folder", "imagenette", "imagenet"}));
}

TEST(Catalog, NamesTheClassesWithoutFiles) {
  EXPECT_EQ(class_names("cifar10:/nowhere").at(6), "frog");
  EXPECT_EQ(class_names("shapes:test=3"), load_dataset("shapes:train=1,test=1", Part::test).test.classes);
  EXPECT_EQ(class_names("cifar100:/nowhere").size(), 100u);
  EXPECT_THROW(class_names("imagenette"), Error);
  EXPECT_THROW(class_names("imagenot"), Error);
}

// Sets whose description needs no files, too.
TEST(Catalog, TellsMissingFilesWithoutReadingImages) {
  const TemporaryFolder folder("require_files");
  for (const char* set :
       {"cifar10", "cifar100", "svhn", "mnist", "fashion_mnist", "folder", "imagenette", "imagenet"}) {
    EXPECT_PRED2(contains, caught([&] { require_files(std::string(set) + ":/nowhere"); }), "/nowhere") << set;
    EXPECT_PRED2(contains, caught([&] { require_files(set + (":" + folder.text())); }), folder.text()) << set;
  }
  require_files("shapes");
  EXPECT_PRED2(contains, caught([] { require_files("shapes:colour=1"); }), "colour");
  EXPECT_PRED2(contains, caught([] { describe_dataset("shapes:train=0"); }), "train");
  for (const char* file : {"train_32x32.mat", "test_32x32.mat"}) folder.write(file, "no numbers");
  require_files("svhn:" + folder.text());
  EXPECT_PRED2(contains, caught([&] { require_files("svhn:" + folder.text() + ",extra=yes"); }),
               "lacks extra_32x32.mat");
  for (const char* part : {"train", "t10k"})
    for (const char* file : {"-images-idx3-ubyte.gz", "-labels-idx1-ubyte"})
      folder.write(part + std::string(file), "");
  require_files("mnist:" + folder.text());
}

TEST(Catalog, RefusesAnUnknownName) {
  for (const char* spec : {"", ":", "cifar:DIR", "imagenet", "Shapes"})
    EXPECT_THROW(load_dataset(spec), Error) << spec;
  try {
    load_dataset("cifar:DIR");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::bad_input);
    EXPECT_PRED2(says, error.what(), "data set 'cifar'");
    EXPECT_PRED2(says, error.what(), "cifar10");
  }
}

}  // namespace
}  // namespace pact::data
