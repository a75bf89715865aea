#include "base/child.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <thread>

#include "base/caught.h"
#include "base/files.h"

namespace pact {
namespace {

namespace fs = std::filesystem;

class Child : public testing::Test {
 protected:
  Child() : folder_(fs::temp_directory_path() / ("pact-child-" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~Child() override { fs::remove_all(folder_); }

  // The number of a process that a script wrote, once it has.
  pid_t written_id(const fs::path& path) const {
    for (int i = 0; i < 500; ++i) {
      if (fs::exists(path) && fs::file_size(path) > 0) return std::stoi(read_file(path));
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return 0;
  }

  fs::path folder_;
};

TEST_F(Child, TellsHowItEnded) {
  EXPECT_TRUE(succeeds({"true"}));
  EXPECT_FALSE(succeeds({"false"}));
  EXPECT_FALSE(succeeds({"sh", "-c", "kill -9 $$"}));
  EXPECT_FALSE(succeeds({"no-such-program-of-pact"}));
}

TEST_F(Child, RunsInItsFolderAndLogsBothStreams) {
  const fs::path log = folder_ / "log";
  EXPECT_TRUE(succeeds({"sh", "-c", "pwd; echo \"$1\" >&2; cat", "sh", "two  words"},
                       {.folder = folder_, .log = log}));
  EXPECT_EQ(read_file(log), fs::canonical(folder_).string() + "\ntwo  words\n");
}

TEST_F(Child, ASignalEndsItAndWhatItStarted) {
  // The grandchild ignores SIGTERM, as a stubborn compiler might.
  const std::string script =
      "(trap '' TERM; echo $$ > child; sh -c 'echo $PPID' > grandchild; sleep 60; sleep 60) & wait";
  struct sigaction before {}, after {};
  sigaction(SIGTERM, nullptr, &before);
  const std::jthread sender([&] {
    if (written_id(folder_ / "grandchild") > 0) kill(getpid(), SIGTERM);
  });
  std::optional<int> signal;
  std::string message;
  try {
    succeeds({"sh", "-c", script}, {.folder = folder_});
  } catch (const Interrupted& interrupted) {
    signal = interrupted.signal();
    message = interrupted.what();
  }
  EXPECT_EQ(signal, SIGTERM);
  EXPECT_EQ(message, "interrupted while sh ran");
  const pid_t child = written_id(folder_ / "child"), grandchild = written_id(folder_ / "grandchild");
  ASSERT_GT(child, 0);
  EXPECT_NE(kill(child, 0), 0);
  ASSERT_GT(grandchild, 0);
  EXPECT_NE(kill(grandchild, 0), 0);
  sigaction(SIGTERM, nullptr, &after);
  EXPECT_EQ(before.sa_handler, after.sa_handler);
}

TEST_F(Child, AnExceptionWhileWaitingEndsIt) {
  const auto give_up = [&](double) {
    if (written_id(folder_ / "child") > 0) throw std::runtime_error("no more");
  };
  EXPECT_THROW(
      succeeds({"sh", "-c", "echo $$ > child; sleep 60; true"}, {.folder = folder_, .on_waiting = give_up}),
      std::runtime_error);
  const pid_t child = written_id(folder_ / "child");
  ASSERT_GT(child, 0);
  EXPECT_NE(kill(child, 0), 0);
  EXPECT_NE(kill(-child, 0), 0);
}

TEST_F(Child, SaysWhatIsInTheWay) {
  const fs::path log = folder_ / "none" / "log";
  EXPECT_EQ(caught([&] { succeeds({"true"}, {.log = log}); }),
            log.string() + ": cannot be written: No such file or directory");
  EXPECT_EQ(caught([&] { succeeds({"true"}, {.folder = folder_ / "none"}); }),
            (folder_ / "none").string() + ": cannot be entered: No such file or directory");
  EXPECT_NE(caught([&] {
              succeeds({"sleep", "1"}, {.on_waiting = [](double) { succeeds({"true"}); }});
            }).find("is_noting"),
            std::string::npos);
  EXPECT_TRUE(succeeds({"true"}));
}

TEST_F(Child, TellsHowLongItWaits) {
  double seconds = 0;
  EXPECT_TRUE(succeeds({"sleep", "0.4"}, {.on_waiting = [&](double s) { seconds = s; }}));
  EXPECT_GT(seconds, 0.1);
}

}  // namespace
}  // namespace pact
