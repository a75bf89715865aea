#include "report/sweep_tables.h"

#include <gtest/gtest.h>

#include "report/sweep_page.h"

namespace pact::report {
namespace {

Json row(const std::string& name, int bits, int seed, double top1, double integer_top1) {
  return {
      {"name", name},
      {"status", "finished"},
      {"message", ""},
      {"network", "resnet8"},
      {"data", "shapes"},
      {"axes", {{"bits", std::to_string(bits)}, {"seed", std::to_string(seed)}}},
      {"settings", {{"weights", bits}, {"activations", bits}, {"seed", seed}, {"override", Json::array()}}},
      {"top1", top1},
      {"integer_top1", integer_top1},
      {"epochs", 3},
      {"curve", Json::array()}};
}

Json results() {
  Json all = {{"name", "table"}, {"description", "What it is."}, {"version", "1"}, {"machine", "one"}};
  all["rows"] = {row("w2-seed1", 2, 1, 88.5, 88.25), row("w2-seed2", 2, 2, 89.5, 89.5),
                 row("w4", 4, 1, 91, 91)};
  Json failed = row("odd", 4, 1, 0, 0);
  failed["status"] = "failed";
  failed["message"] = "broke | here,\nsaid \"so\"";
  failed.erase("top1");
  failed.erase("integer_top1");
  all["rows"].push_back(failed);
  Json group = row("w2", 2, 1, 0, 0);
  group["rows"] = {"w2-seed1", "w2-seed2"};
  group["top1"] = {{"mean", 89.0}, {"count", 2}, {"deviation", 0.7071}};
  group["integer_top1"] = nullptr;
  all["groups"] = {group};
  return all;
}

TEST(SweepTables, LinesHaveWhatDiffersAndBothAccuracies) {
  const auto lines = sweep_lines(results());
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_EQ(lines[0], (std::vector<std::string>{"run", "bits w / a", "seed", "top-1 %", "integer top-1 %",
                                                "epochs", "status"}));
  EXPECT_EQ(lines[1], (std::vector<std::string>{"w2-seed1", "2", "1", "88.50", "88.25", "3", "finished"}));
  EXPECT_EQ(lines[4][3], "");
  EXPECT_TRUE(lines[4].back().starts_with("failed: broke"));
}

TEST(SweepTables, MarkdownKeepsCellsApart) {
  const std::string text = make_sweep_markdown(results());
  EXPECT_NE(text.find("| w2 | 2 | 2 | 89.00 ± 0.71 | – |"), std::string::npos) << text;
  EXPECT_NE(text.find("failed: broke \\| here,  said \"so\" |"), std::string::npos) << text;
}

TEST(SweepTables, CsvQuotesWhatNeedsIt) {
  const std::string text = make_sweep_csv(results());
  EXPECT_TRUE(text.starts_with("name,status,seed,network,weights,activations,top1,integer_top1,")) << text;
  EXPECT_NE(text.find("w2-seed1,finished,1,resnet8,2,2,88.5,88.25,"), std::string::npos) << text;
  EXPECT_NE(text.find("\"broke | here,\nsaid \"\"so\"\"\""), std::string::npos) << text;
}

TEST(SweepPage, HoldsItsDataAndLoadsNothing) {
  Json all = results();
  all["description"] = "</script><b>";
  const std::string page = make_sweep_page(all);
  EXPECT_EQ(page.find("</script><b>"), std::string::npos);
  EXPECT_EQ(page.find("src="), page.find("src=\"data"));
  EXPECT_NE(page.find("w2-seed2"), std::string::npos);
}

}  // namespace
}  // namespace pact::report
