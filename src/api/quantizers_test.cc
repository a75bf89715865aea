#include "api/quantizers.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace pact::api {
namespace {

TEST(ListQuantizers, NamesThoseOfTheCatalogsWithTheirSources) {
  const std::vector<QuantizerRow> rows = list_quantizers();
  const auto find = [&](const char* of, const char* name) {
    return std::ranges::find_if(rows,
                                [&](const QuantizerRow& row) { return row.of == of && row.name == name; });
  };
  for (const QuantizerRow& row : rows) EXPECT_FALSE(row.source.empty()) << row.name;
  ASSERT_NE(find("activations", "pact"), rows.end());
  EXPECT_EQ(find("activations", "pact")->learned, "alpha");
  EXPECT_EQ(find("activations", "lsq")->grid, "unsigned / signed");
  ASSERT_NE(find("weights", "ternary"), rows.end());
  EXPECT_EQ(find("weights", "ternary")->most_bits, 2);
  EXPECT_EQ(find("weights", "pact"), rows.end());
}

}  // namespace
}  // namespace pact::api
