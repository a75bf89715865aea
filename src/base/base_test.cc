#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/caught.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/files.h"
#include "base/progress.h"
#include "base/random.h"
#include "base/strings.h"
#include "base/words.h"
#include "base/writable.h"

namespace pact {
namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("pact-base-" + std::to_string(getpid()))) {
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  fs::path operator/(const char* name) const { return path_ / name; }
  fs::path path() const { return path_; }

 private:
  fs::path path_;
};

TEST(Glob, StarsAndQuestionMarks) {
  EXPECT_TRUE(matches_glob("layer*.conv?", "layer1.0.conv2"));
  EXPECT_TRUE(matches_glob("*", ""));
  EXPECT_TRUE(matches_glob("a*b*c", "aXbYbZc"));
  EXPECT_FALSE(matches_glob("a*b", "acbc"));
  EXPECT_FALSE(matches_glob("", "a"));
  EXPECT_FALSE(matches_glob("conv?", "conv"));
}

TEST(Names, NearestIsSuggestedOnlyWhenNear) {
  EXPECT_EQ(nearest_name("resnet21", {"resnet20", "alexnet"}), "resnet20");
  EXPECT_EQ(nearest_name("zzz", {"resnet20", "alexnet"}), std::nullopt);
}

TEST(Numbers, OnlyWholeTexts) {
  EXPECT_EQ(parse_integer("12"), 12);
  EXPECT_EQ(parse_integer("12x"), std::nullopt);
  EXPECT_EQ(parse_integer(""), std::nullopt);
  EXPECT_EQ(parse_integer("99999999999999999999"), std::nullopt);
  EXPECT_EQ(parse_real("1e-3"), 1e-3);
}

TEST(Files, AreReplacedWholeOrNotAtAll) {
  const Folder folder;
  write_file(folder / "a", "one");
  write_file(folder / "a", "two");
  EXPECT_EQ(read_file(folder / "a"), "two");
  EXPECT_THROW(write_file(folder / "missing/a", "x"), Error);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1) << "no temporary file is left";
  EXPECT_THROW(read_file(folder / "b"), Error);
  EXPECT_THROW(read_file(folder.path()), Error);
  EXPECT_THROW(read_file(folder / "a", 2), Error);
  EXPECT_EQ(read_beginning(folder / "a", 2), "tw");
  EXPECT_EQ(read_beginning(folder / "a", 9), "two");
}

TEST(Files, SeveralAreReplacedTogetherOrNotAtAll) {
  const fs::path folder = fs::path(testing::TempDir()) / "pact-several";
  fs::remove_all(folder);
  fs::create_directories(folder / "b");
  write_file(folder / "a", "old");
  const NewFile files[] = {{folder / "a", "new"}, {folder / "b", "new"}};
  EXPECT_TRUE(contains(caught([&] { write_files(files); }), "nothing was changed"));
  EXPECT_EQ(read_file(folder / "a"), "old");
  fs::remove(folder / "b");
  write_files(files);
  EXPECT_EQ(read_file(folder / "a") + read_file(folder / "b"), "newnew");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 2);  // no temporaries
}

TEST(Files, APipeThatNobodyReadsIsNotWritten) {
  const fs::path pipe = fs::path(testing::TempDir()) / "pact-unread-pipe";
  fs::remove(pipe);
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_TRUE(contains(caught([&] { write_file(pipe, "bytes"); }), "is a pipe that nobody reads"));
}

TEST(Files, APipeIsRefusedAndNotWaitedFor) {
  const Folder folder;
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(caught([&] { read_file(folder / "pipe"); }),
            (folder / "pipe").string() + ": is not a regular file");
}

TEST(Files, AFolderIsHeldByOneAtATimeAndCleanedOfTemporaries) {
  const Folder folder;
  {
    const DirectoryLock lock(folder.path());
    EXPECT_THROW(DirectoryLock(folder.path()), Error);
  }
  EXPECT_NO_THROW(DirectoryLock(folder.path()));
  write_file(folder / "keep.json", "x");
  write_file(folder / "last.safetensors.17.tmp", "x");
  remove_temporary_files(folder.path());
  EXPECT_TRUE(fs::exists(folder / "keep.json"));
  EXPECT_FALSE(fs::exists(folder / "last.safetensors.17.tmp"));
}

TEST(Random, IsAFunctionOfItsSeeds) {
  Random a(1, 2, 3), b(1, 2, 3), c(1, 3, 2);
  EXPECT_EQ(a.bits(), b.bits());
  EXPECT_NE(a.bits(), c.bits());
  double sum = 0, squares = 0;
  for (int i = 0; i < 100000; ++i) {
    const double x = a.normal();
    sum += x, squares += x * x;
    ASSERT_LT(a.below(7), 7u);
  }
  EXPECT_NEAR(sum / 1e5, 0, 0.02);
  EXPECT_NEAR(squares / 1e5, 1, 0.02);
}

TEST(Isa, AForcedSetThatIsNotThereIsRefusedInWords) {
  setenv("PACT_FORCE_ISA", "riscv_v", 1);
  EXPECT_THROW(selected_isa(), Error);
  setenv("PACT_FORCE_ISA", "portable", 1);
  EXPECT_EQ(selected_isa(), Isa::portable);
  unsetenv("PACT_FORCE_ISA");
  EXPECT_EQ(selected_isa(), available_isas().back());
}

TEST(Format, DurationsAndBytes) {
  EXPECT_EQ(format_duration(7.2), "7 s");
  EXPECT_EQ(format_duration(245), "4:05");
  EXPECT_EQ(format_duration(3723), "1:02:03");
  EXPECT_EQ(format_bytes(1388), "1.4 kB");
}

TEST(Words, CountedAndQuoted) {
  EXPECT_EQ(counted(1, "bit"), "1 bit");
  EXPECT_EQ(counted(0, "bit"), "0 bits");
  EXPECT_EQ(shell_quoted("runs/w4a4"), "runs/w4a4");
  EXPECT_EQ(shell_quoted(""), "''");
  EXPECT_EQ(shell_quoted("it's"), "'it'\\''s'");
}

TEST(Writable, IsAskedBeforeTheWork) {
  const fs::path folder = fs::temp_directory_path() / ("pact-writable-" + std::to_string(getpid()));
  fs::create_directories(folder);
  require_writable(folder / "new");
  require_writable("/dev/null");
  require_can_be_made(folder / "a" / "b");
  EXPECT_FALSE(fs::exists(folder / "a"));
  write_file(folder / "file", "x");
  require_writable(folder / "file");
  EXPECT_THROW(require_writable(folder), Error);
  EXPECT_THROW(require_writable(folder / "none" / "x"), Error);
  EXPECT_THROW(require_writable(folder / "file" / "x"), Error);
  EXPECT_THROW(require_can_be_made(folder / "file" / "x"), Error);
  EXPECT_THROW(require_writable(""), Error);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace pact
