#include "report/report.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/error.h"
#include "report/synthetic_run.h"

namespace pact::report {
namespace {

class ReportTest : public testing::Test {
 protected:
  ReportTest() {
    const std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    directory_ = std::filesystem::path(testing::TempDir()) / ("pact_report_" + name);
    std::filesystem::remove_all(directory_);
    make_writable_directory(directory_);
  }
  ~ReportTest() override { std::filesystem::remove_all(directory_); }

  std::filesystem::path directory_;
};

size_t occurrences(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// The text of the element that carries the data.
std::string data_of(const std::string& page) {
  const std::string open = R"(<script type="application/json" id="runs">)";
  const size_t begin = page.find(open) + open.size();
  return page.substr(begin, page.find("</script>", begin) - begin);
}

// Names that try to leave the place where they are put.
constexpr const char* kHostile =
    "</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>{{script}}&lt;\"'";

SyntheticRun small_run() { return {.epochs = 5}; }

TEST_F(ReportTest, IsOneOfflinePage) {
  small_run().write(directory_ / "run");
  const std::string page = make_report({directory_ / "run"});
  EXPECT_EQ(page.rfind("<!DOCTYPE html>", 0), 0u);
  for (const char* place : {"{{style}}", "{{data}}", "{{chart}}", "{{script}}"})
    EXPECT_EQ(occurrences(page, place), 0u);
  EXPECT_EQ(occurrences(page, " src="), 0u);
  EXPECT_EQ(occurrences(page, "<link"), 0u);
  EXPECT_EQ(occurrences(page, "@import"), 0u);
  EXPECT_EQ(occurrences(page, "default-src 'none'"), 1u);
  EXPECT_NE(page.find("Chart.js v3"), std::string::npos);
}

TEST_F(ReportTest, CarriesTheDataOfAllRuns) {
  small_run().write(directory_ / "a");
  SyntheticRun{.bits = 2, .epochs = 7}.write(directory_ / "b");
  const Json runs = Json::parse(data_of(make_report({directory_ / "a", directory_ / "b"})));
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0]["label"], "a");
  EXPECT_EQ(runs[1]["metrics"].size(), 7u);
  EXPECT_EQ(runs[1]["run"]["settings"]["weights"], 2);
  EXPECT_EQ(runs[1]["report"]["totals"]["parameters"], runs[0]["report"]["totals"]["parameters"]);
}

TEST_F(ReportTest, NamesCannotBecomeHtml) {
  Json run = small_run().run();
  run["network"] = run["message"] = run["settings"][kHostile] = kHostile;
  make_writable_directory(directory_ / "a<b>");
  write_file(directory_ / "a<b>" / "run.json", run.dump());
  Json report;
  report["layers"] = {{{"name", kHostile}}};
  write_file(directory_ / "a<b>" / "report.json", report.dump());

  const std::string page = make_report({directory_ / "a<b>"});
  const std::string data = data_of(page);
  EXPECT_EQ(occurrences(data, "<"), 0u);
  EXPECT_EQ(occurrences(page, "alert(1)"), occurrences(data, "alert(1)"));
  const Json runs = Json::parse(data);  // and they arrive unharmed
  EXPECT_EQ(runs[0]["label"], "a<b>");
  EXPECT_EQ(runs[0]["run"]["message"], kHostile);
  EXPECT_EQ(runs[0]["report"]["layers"][0]["name"], kHostile);
  // The scripts of the page hand text on as text.
  EXPECT_EQ(occurrences(page, "insertAdjacentHTML"), 0u);
  EXPECT_EQ(occurrences(page, "innerHTML"), 0u);
}

TEST_F(ReportTest, WritesTheFile) {
  small_run().write(directory_ / "run");
  write_report({directory_ / "run"}, directory_ / "report.html");
  EXPECT_EQ(read_file(directory_ / "report.html"), make_report({directory_ / "run"}));
  EXPECT_THROW(write_report({directory_ / "run"}, directory_ / "absent" / "report.html"), Error);
}

TEST_F(ReportTest, NeedsARun) { EXPECT_THROW(make_report({}), Error); }

// The scripts run only in a browser: where there is one, see that it draws the page without complaint.
TEST_F(ReportTest, DrawsInABrowser) {
  if (std::system("command -v chromium >/dev/null 2>&1") != 0) GTEST_SKIP() << "chromium is not installed";
  const auto drawn = [&](const std::vector<std::filesystem::path>& runs) {
    const std::string page = (directory_ / "page.html").string(), dom = (directory_ / "dom.html").string();
    write_report(runs, page);
    const std::string command =
        "timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
        "--disable-background-networking --disable-component-update --disable-sync --user-data-dir='" +
        (directory_ / "profile").string() + "' --virtual-time-budget=5000 --dump-dom 'file://" + page +
        "' >'" + dom + "' 2>/dev/null";
    EXPECT_EQ(std::system(command.c_str()), 0);
    return read_file(dom);
  };

  small_run().write(directory_ / "whole");
  const std::string one = drawn({directory_ / "whole"});
  EXPECT_NE(one.find("data-drawn=\"yes\""), std::string::npos);
  EXPECT_NE(one.find("resnet20 on cifar10, 4-bit weights, 4-bit activations</h1>"), std::string::npos);

  EXPECT_NE(one.find("<span>weights by sawb, activations by pact</span>"), std::string::npos);
  EXPECT_NE(one.find("<td>weights by sawb, activations by pact</td>"), std::string::npos);

  // Quantizers stand in the table of several runs where those that quantize differ in them.
  SyntheticRun{.bits = 32, .epochs = 1, .stop_after = 1}.write(directory_ / "float");
  const std::string beside_float = drawn({directory_ / "float", directory_ / "whole"});
  EXPECT_EQ(beside_float.find(">quantizers</th><th"), std::string::npos);
  small_run().write(directory_ / "lsq");
  Json report = small_run().report();
  for (Json& layer : report["layers"]) layer["activation_scheme"] = "lsq";
  write_file(directory_ / "lsq" / "report.json", report.dump());
  const std::string differing = drawn({directory_ / "float", directory_ / "whole", directory_ / "lsq"});
  EXPECT_NE(differing.find(">quantizers</th><th"), std::string::npos);
  EXPECT_NE(differing.find("<td>weights by sawb, activations by lsq</td>"), std::string::npos);
  const std::string single = drawn({directory_ / "float"});
  for (const char* tag : {"<span>", "<td>"})
    EXPECT_EQ(single.find(std::string(tag) + "weights by"), std::string::npos);
  EXPECT_EQ(single.find(">1 epochs<"), std::string::npos);
  EXPECT_NE(single.find(">1 epoch<"), std::string::npos);

  // A run of which hardly anything is known, and one with hostile names, beside the whole one.
  make_writable_directory(directory_ / "bare");
  write_file(directory_ / "bare" / "metrics.jsonl", "{\"epoch\":1,\"train_loss\":null}\n{\"ep");
  Json run = small_run().run();
  run["network"] = run["message"] = run["settings"][kHostile] = kHostile;
  make_writable_directory(directory_ / "hostile");
  write_file(directory_ / "hostile" / "run.json", run.dump());
  write_file(directory_ / "hostile" / "report.json",
             Json{{"layers", Json::array({{{"name", kHostile}}})},
                  {"histograms", Json::array({{{"name", kHostile},
                                               {"kind", "weight"},
                                               {"low", nullptr},
                                               {"high", nullptr},
                                               {"counts", Json::array()}}})}}
                 .dump());
  const std::string many = drawn({directory_ / "whole", directory_ / "bare", directory_ / "hostile"});
  EXPECT_NE(many.find("data-drawn=\"yes\""), std::string::npos);
  EXPECT_NE(many.find("3 runs compared</h1>"), std::string::npos);
  EXPECT_EQ(many.find("<img"), std::string::npos);
  const std::string bare = drawn({directory_ / "bare"});
  EXPECT_NE(bare.find("data-drawn=\"yes\""), std::string::npos);
  const std::string hostile = drawn({directory_ / "hostile"});
  EXPECT_NE(hostile.find("data-drawn=\"yes\""), std::string::npos);
  EXPECT_EQ(hostile.find("<img"), std::string::npos);
}

}  // namespace
}  // namespace pact::report
