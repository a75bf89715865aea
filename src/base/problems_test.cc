#include "base/problems.h"

#include <gtest/gtest.h>

#include "base/caught.h"

namespace pact {
namespace {

using Lines = std::vector<std::string>;

TEST(Problems, AreToldTogether) {
  Problems problems;
  EXPECT_EQ(caught([&] { problems.refuse(); }), "");
  problems.attempt("a", [] {});
  EXPECT_TRUE(problems.empty());
  problems.attempt("a", [] { fail("too long"); });
  problems.add("no data");
  problems.attempt("b", [] { fail("too long"); });
  problems.attempt("b", [] { fail("too long"); });
  EXPECT_EQ(caught([&] { problems.refuse(); }), "too long\nno data");
  EXPECT_EQ(problems.placed(), (Lines{"a, b: too long", "no data"}));
}

TEST(Problems, AreFoundByWhatTheyAreAbout) {
  Problems problems;
  problems.add("warmup must be less", "epochs");
  problems.add("must be 0 or more", "warmup");
  EXPECT_TRUE(problems.are_about("warmup") && problems.are_about("epochs") && !problems.are_about("rate"));
  problems.explain("warmup", "; it is the recipe's");
  EXPECT_EQ(problems.messages(), (Lines{"warmup must be less", "must be 0 or more; it is the recipe's"}));
}

TEST(Problems, NameAFewOfManyThings) {
  Problems problems;
  problems.add("one", "r1");
  for (const char* run : {"r1", "r2", "r3", "r4"}) problems.add("four", run);
  for (const char* run : {"r1", "r2", "r3", "r4", "r5"}) problems.add("five", run);
  EXPECT_EQ(problems.named("run"), (Lines{"run 'r1': one", "runs 'r1', 'r2', 'r3', 'r4': four",
                                          "runs 'r1', 'r2', 'r3' and 2 more: five"}));
}

}  // namespace
}  // namespace pact
