#include "report/run_files.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "report/synthetic_run.h"

namespace pact::report {
namespace {

class RunFilesTest : public testing::Test {
 protected:
  RunFilesTest() {
    const std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    directory_ = std::filesystem::path(testing::TempDir()) / ("pact_run_files_" + name);
    std::filesystem::remove_all(directory_);
    make_writable_directory(directory_);
  }
  ~RunFilesTest() override { std::filesystem::remove_all(directory_); }

  void write(const char* name, const std::string& text) const { write_file(directory_ / name, text); }

  // The message that reading the run fails with.
  std::string failure() const {
    try {
      read_run(directory_);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::bad_input);
      return error.what();
    }
    return "no failure";
  }

  std::filesystem::path directory_;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(RunFilesTest, ReadsAWholeRun) {
  SyntheticRun{.epochs = 12}.write(directory_);
  const RunFiles files = read_run(directory_);
  EXPECT_EQ(files.run["network"], "resnet20");
  EXPECT_EQ(files.metrics.size(), 12u);
  EXPECT_EQ(files.report["layers"].size(), 20u);
  EXPECT_TRUE(files.notes.empty());
}

TEST_F(RunFilesTest, KeepsTheOrderOfLayers) {
  write("metrics.jsonl", R"({"epoch":1,"alpha":{"stem":1,"layer10":2,"layer2":3}})");
  EXPECT_EQ(read_run(directory_).metrics[0]["alpha"].dump(), R"({"stem":1,"layer10":2,"layer2":3})");
}

TEST_F(RunFilesTest, SaysWhatIsMissing) {
  write("run.json", R"({"network":"resnet20"})");
  const RunFiles files = read_run(directory_);
  ASSERT_EQ(files.notes.size(), 2u);
  EXPECT_EQ(files.notes[0], "There is no metrics.jsonl, so there are no curves.");
  EXPECT_EQ(files.notes[1], "There is no report.json, so layers and histograms are not shown.");
}

TEST_F(RunFilesTest, RefusesADirectoryWithoutARun) {
  EXPECT_TRUE(contains(failure(), "is not a run directory"));
  EXPECT_THROW(read_run(directory_ / "absent"), Error);
}

// A process may be killed after any byte.
TEST_F(RunFilesTest, LeavesOutATornLastLineWhereverItIsTorn) {
  const std::string first = SyntheticRun{.epochs = 2}.metrics(1).dump() + "\n";
  const std::string second =
      R"({"epoch":2,"lr":-1.5e-3,"train_loss":null,"odd":[true,"\u00e9\"ä"],"alpha":{"a":2}})";
  for (size_t length = 1; length < second.size(); ++length) {
    // In the middle of ä the bytes are no UTF-8; a JSON parser sees an ill-formed byte only at the end.
    write("metrics.jsonl", first + second.substr(0, length));
    const RunFiles files = read_run(directory_);
    EXPECT_EQ(files.metrics.size(), 1u) << second.substr(0, length);
    EXPECT_TRUE(contains(files.notes[1], "cut off")) << second.substr(0, length);
  }
  write("metrics.jsonl", first + second);
  EXPECT_EQ(read_run(directory_).metrics.size(), 2u);
}

TEST_F(RunFilesTest, TellsDamageFromARunThatGoesOn) {
  const auto notes = [&](const std::string& status, const std::string& metrics) {
    write("run.json", R"({"status":")" + status + "\"}");
    write("metrics.jsonl", metrics);
    return read_run(directory_).notes;
  };
  EXPECT_EQ(notes("running", "")[0], "No epoch is finished yet, so there are no curves.");
  EXPECT_EQ(notes("finished", "")[0],
            "metrics.jsonl is damaged: it is empty, though the run is finished, so there are no curves.");
  EXPECT_EQ(notes("finished", R"({"epoch":1,"l)")[0],
            "metrics.jsonl is damaged: line 1, the last, is cut off and was left out.");
  EXPECT_EQ(notes("finished", R"({"epoch":1,"l)")[1], "metrics.jsonl has no other line, so there are no curves.");
  EXPECT_TRUE(contains(notes("interrupted", R"({"epoch":1,"l)")[0], "as by a killed process"));
}

TEST_F(RunFilesTest, CallsANetworkByItsFile) {
  write("run.json", R"({"network":"../models/my net.onnx"})");
  EXPECT_EQ(read_run(directory_).run["network"], "my net");
}

TEST_F(RunFilesTest, LeavesOutFilesThatAreCutOff) {
  write("run.json", "");
  write("report.json", R"({"layers":[{"name")");
  const RunFiles files = read_run(directory_);
  EXPECT_EQ(files.notes[0],
            "run.json is cut off in the middle, so command, settings and status are not known.");
  EXPECT_TRUE(files.report.empty());
}

TEST_F(RunFilesTest, NamesFileAndLineOfMalformedJson) {
  write("metrics.jsonl", "{\"epoch\":1}\n\n{\"epoch\":}\n{\"epoch\":3}\n");
  EXPECT_TRUE(contains(failure(), "metrics.jsonl: line 3 is not valid JSON"));
  write("metrics.jsonl", "{\"epoch\":1}\n{\"epoch\":2,\"lr\n{\"epoch\":3}\n");
  EXPECT_TRUE(contains(failure(), "metrics.jsonl: line 2")) << failure();
  write("metrics.jsonl", "{\"epoch\":1}\n{\"epoch\":1e999}\n{\"epoch\":3}\n");
  EXPECT_TRUE(contains(failure(), "metrics.jsonl: line 2")) << failure();
  write("metrics.jsonl", "");
  write("run.json", "{\n \"network\": \"x\",\n \"seed\" 1\n}");
  EXPECT_TRUE(contains(failure(), "run.json: line 3 is not valid JSON")) << failure();
}

// Which file, what is wrong, what to do; and no words of a parser's.
TEST_F(RunFilesTest, SaysWhatToDoAboutDamage) {
  SyntheticRun{.epochs = 3}.write(directory_);
  const auto says = [&](const char* name, const std::string& text, const std::vector<std::string>& parts) {
    const std::string before = read_file(directory_ / name);
    write(name, text);
    for (const std::string& part : parts) EXPECT_PRED2(contains, failure(), part);
    for (const char* raw : {"[json", "parse error", "syntax"})
      EXPECT_FALSE(contains(failure(), raw)) << failure();
    write(name, before);
  };
  says("run.json", "{\n \"network\": \"x\",\n \"seed\" 1\n}",
       {"run.json: line 3 is not valid JSON, at '\"seed\" 1'", "move the file away"});
  says("run.json", "\x01\x02", {"run.json: line 1 is not valid JSON, at '", "without command, settings"});
  says("run.json", R"({"seed": "x"})", {"'seed' must be a number", "move the file away"});
  says("metrics.jsonl", "{\"epoch\":1}\n{\"epoch\":}\n{\"epoch\":3}\n",
       {"line 2 is not valid JSON, at '{\"epoch\":}'", "delete it"});
  says("metrics.jsonl", "{\"epoch\":1}\n{\"epoch\":1e999}\n{\"epoch\":3}\n",
       {"line 2", "a number beyond all bounds"});
  says("metrics.jsonl", "{\"epoch\":1}\n{\"epoch\":2,\n{\"epoch\":3}\n",
       {"line 2 is cut off in the middle", "delete it"});
  says("report.json", "[1]",
       {"report.json: expected a JSON object", "pact train --resume --out " + directory_.string()});
}

TEST_F(RunFilesTest, WhatCannotBeReadIsNotDamaged) {
  SyntheticRun{.epochs = 3}.write(directory_);
  for (const char* name : {"run.json", "metrics.jsonl", "report.json"}) {
    std::filesystem::remove(directory_ / name);
    std::filesystem::create_directory(directory_ / name);
    EXPECT_EQ(failure(), (directory_ / name).string() + ": is not a regular file");
    std::filesystem::remove(directory_ / name);
  }
}

TEST_F(RunFilesTest, NamesTheFieldOfTheWrongType) {
  write("metrics.jsonl", "{\"epoch\":1}\n{\"epoch\":2,\"lr\":\"high\"}\n");
  EXPECT_TRUE(contains(failure(), "metrics.jsonl: line 2: 'lr' must be a number or null"));
  write("metrics.jsonl", "{\"lr\":1}\n");
  EXPECT_TRUE(contains(failure(), "line 1: the field 'epoch' is missing"));
  write("metrics.jsonl", "[1]\n");
  EXPECT_TRUE(contains(failure(), "line 1: expected a JSON object, found array"));
  write("metrics.jsonl", "");
  write("report.json", R"({"histograms":[{"name":"a","kind":"weight","low":0,"high":1,"counts":[1,"2"]}]})");
  EXPECT_TRUE(contains(failure(), "report.json: histograms[0]: 'counts' must be a list of numbers"));
  write("report.json", R"({"layers":{}})");
  EXPECT_TRUE(contains(failure(), "report.json: 'layers' must be a list"));
  write("report.json", "{}");
  write("run.json", R"({"settings":{"a":[[1]]}})");
  EXPECT_TRUE(contains(failure(), "run.json: 'settings' must be an object of"));
}

// A run that diverged has weights that are no numbers; JSON writes them as null.
TEST_F(RunFilesTest, TakesNullForWhatIsNotFinite) {
  write("metrics.jsonl", R"({"epoch":1,"train_loss":null,"alpha":{"a":null}})");
  write(
      "report.json",
      R"({"histograms":[{"name":"a","kind":"weight","low":null,"high":null,"counts":[0],"levels":[null]}]})");
  write("run.json", R"({"settings":{"init":null,"milestones":[60,120],"override":[]}})");
  EXPECT_EQ(read_run(directory_).metrics.size(), 1u);
}

TEST_F(RunFilesTest, DropsWhatItDoesNotKnow) {
  write("run.json", R"({"network":"x","extra":)" + std::string(1000, '[') + std::string(1000, ']') + "}");
  EXPECT_EQ(read_run(directory_).run.dump(), R"({"network":"x"})");
}

TEST_F(RunFilesTest, AResumedRunReplacesTheEpochsItRepeats) {
  write("metrics.jsonl",
        "{\"epoch\":1,\"lr\":1}\n{\"epoch\":2,\"lr\":1}\n{\"epoch\":3,\"lr\":1}\n{\"epoch\":2,\"lr\":5}\n");
  const RunFiles files = read_run(directory_);
  ASSERT_EQ(files.metrics.size(), 2u);
  EXPECT_EQ(files.metrics[1]["lr"], 5);
  EXPECT_EQ(files.notes[1],
            "The run was resumed: epochs 2 to 3 ran twice, and what is shown is the second time.");
}

TEST(RunLabelsTest, AreAsShortAsTellsThemApart) {
  using Labels = std::vector<std::string>;
  EXPECT_EQ(run_labels({"/runs/a/"}), Labels{"a"});
  EXPECT_EQ(run_labels({"/runs/a", "/runs/b/."}), (Labels{"a", "b"}));
  EXPECT_EQ(run_labels({"/x/4/run", "/x/2/run"}), (Labels{"4/run", "2/run"}));
  EXPECT_EQ(run_labels({"/x/run", "/x/run"}), (Labels{"x/run", "x/run"}));
}

}  // namespace
}  // namespace pact::report
