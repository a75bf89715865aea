#include "base/repeated_key.h"

#include <gtest/gtest.h>

namespace pact {
namespace {

TEST(RepeatedKey, IsFoundInTheSameObjectAlone) {
  EXPECT_EQ(repeated_key(R"({"a": 1, "b": {"a": 2}, "c": [{"a": 3}, {"a": 4}]})"), std::nullopt);
  EXPECT_EQ(repeated_key(R"({"a": 1, "b": 2, "a": 3})"), "a");
  EXPECT_EQ(repeated_key(R"({"runs": [{"x": 1}, {"settings": {"rate": 1, /* again */ "rate": 2}}]})"), "rate");
  EXPECT_EQ(repeated_key(R"({"b": {"c": 1}, "a": {}, "b": {}})"), "b");
  EXPECT_EQ(repeated_key(R"({"a": 1, "\u0061": 1})"), "a");
}

TEST(RepeatedKey, TakesAnyText) {
  for (const char* text : {"", "[", "{\"a\": 1, \"a", "}", "3", "[[{}]]", "{\"a\": }"})
    EXPECT_EQ(repeated_key(text), std::nullopt) << text;
}

}  // namespace
}  // namespace pact
