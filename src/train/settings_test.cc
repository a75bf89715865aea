#include "train/settings.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/caught.h"
#include "base/files.h"

namespace pact::train {
namespace {

TEST(Settings, RoundTripThroughJson) {
  Settings s;
  set(s, "weights", "3");
  set(s, "rate", "0.04");
  set(s, "override", "layer1.*=w8,fc=a4");
  set(s, "init", "runs/a b");
  EXPECT_TRUE(differences(s, settings_from_json(to_json(s), "here")).empty());
}

TEST(Settings, RefusesUnknownNamesAndBadValues) {
  Settings s;
  EXPECT_NE(caught([&] { set(s, "epoch", "3"); }).find("did you mean 'epochs'"), std::string::npos);
  EXPECT_NE(caught([&] { set(s, "weights", "x"); }).find("whole number"), std::string::npos);
  EXPECT_NE(caught([&] { set(s, "rate", "nan"); }).find("number"), std::string::npos);
}

TEST(Settings, ListsAllValuesOutOfRangeAtOnce) {
  Settings s;
  s.weights = 9, s.activations = 0, s.optimizer = "sdg", s.epochs = 0;
  const std::string message = caught([&] { require_valid(s); });
  for (const char* part :
       {"weights must be 1 to 8", "activations must be", "did you mean 'sgd'", "epochs must be"})
    EXPECT_NE(message.find(part), std::string::npos) << part << " in\n" << message;
}

// What setting `texts`, over `recipe`, has to be told.
std::string told(const std::map<std::string, std::string>& texts, const Settings& recipe = {}) {
  Settings s = recipe;
  Problems problems;
  set(s, texts, problems);
  find_problems(s, problems);
  return caught([&] { problems.refuse(); });
}

TEST(Settings, AllThatIsWrongIsToldAtOnce) {
  const std::string message = told({{"epochs", "x"}, {"rate", "y"}, {"weights", "9"}, {"sed", "1"}});
  for (const char* part :
       {"epochs must be a whole number", "rate must be a number", "weights must be 1 to 8", "'sed'"})
    EXPECT_PRED2(contains, message, part);
}

// A value that is wrong itself says nothing about others.
TEST(Settings, NothingIsConcludedFromAWrongValue) {
  Settings recipe;
  recipe.warmup = 11;
  EXPECT_PRED2(contains, told({{"epochs", "3"}}, recipe),
               "warmup must be 0 to the number of epochs, 3, not 11");
  for (const char* epochs : {"x", "0", "-1"})
    EXPECT_EQ(told({{"epochs", epochs}}, recipe).find("warmup"), std::string::npos) << epochs;
  EXPECT_EQ(told({{"epochs", "3"}, {"warmup", "x"}}, recipe), "warmup must be a number, not 'x'");
  EXPECT_PRED2(contains, told({{"epochs", "x"}, {"warmup", "-1"}}), "warmup must not be negative");
  EXPECT_PRED2(contains, told({{"epochs", "3"}, {"warmup", "-1"}}), "warmup must be 0 to");
}

TEST(Settings, MilestonesAscendAndSeedsAreNotNegative) {
  EXPECT_EQ(told({{"milestones", "60,120"}, {"seed", "0"}}), "");
  for (const char* wrong : {"120,60", "60,60", "1,3,2"})
    EXPECT_PRED2(contains, told({{"milestones", wrong}}),
                 std::string("milestones must ascend, each epoch once; they are ") + wrong);
  EXPECT_EQ(told({{"milestones", "9,x,8"}}),
            "milestones must be epochs, not 'x'\nmilestones must ascend, each epoch once; they are 9,x,8");
  EXPECT_EQ(told({{"milestones", "0"}}), "milestones must be epochs, not '0'");
  EXPECT_EQ(told({{"seed", "-1"}}), "seed must be 0 or more, not -1");
}

TEST(Settings, RecipeErrorsNameFileAndKey) {
  const auto path = std::filesystem::temp_directory_path() / ("recipe-" + std::to_string(getpid()) + ".json");
  write_file(path, R"({"description": "x", "epohcs": 3})");
  const auto apply_it = [&] {
    Settings s;
    Problems problems;
    apply_recipe(s, path, problems);
    problems.refuse();
  };
  const std::string message = caught(apply_it);
  EXPECT_NE(message.find(path.string()), std::string::npos);
  EXPECT_NE(message.find("epohcs"), std::string::npos);
  write_file(path, "{\"epochs\": ");
  EXPECT_NE(caught(apply_it).find("JSON"), std::string::npos);
  write_file(path, R"({"epochs": {"a": 1}})");
  EXPECT_NE(caught(apply_it).find("epochs"), std::string::npos);
  write_file(path, R"({"epochs": "x", "rate": true})");
  EXPECT_PRED2(contains, caught(apply_it), "epochs must be a whole number");
  EXPECT_PRED2(contains, caught(apply_it), "rate: expected a number");
  write_file(path, R"({"epochs": 3, "rate": 0.1, "epochs": 4})");
  EXPECT_EQ(caught(apply_it), path.string() + ": has 'epochs' twice");
  std::filesystem::remove(path);
}

TEST(Settings, EveryRecipeThatComesWithPactIsSound) {
  std::map<std::string, Settings> recipes;
  for (const auto& entry : std::filesystem::directory_iterator("configs/recipes")) {
    Settings& s = recipes[entry.path().stem().string()];
    Problems problems;
    apply_recipe(s, entry.path(), problems);
    find_problems(s, problems);
    EXPECT_EQ(problems.messages(), std::vector<std::string>()) << entry.path();
  }
  // Those of the PACT paper, one for each network of its table.
  const Settings &svhn = recipes.at("paper-svhn"), &alexnet = recipes.at("paper-alexnet");
  EXPECT_EQ(svhn.milestones, (Words{"50", "100", "150"}));
  EXPECT_EQ(std::tuple(svhn.optimizer, svhn.rate, svhn.rate_factor, svhn.weight_decay, svhn.epochs),
            std::tuple("adam", 1e-3, 0.5, 1e-7, 200));
  EXPECT_EQ(
      std::tuple(alexnet.optimizer, alexnet.rate, alexnet.rate_factor, alexnet.weight_decay, alexnet.epochs),
      std::tuple("adam", 1e-4, 0.2, 5e-6, 100));
  for (const char* name : {"paper-resnet18", "paper-resnet50"})
    EXPECT_EQ(std::tuple(recipes.at(name).rate, recipes.at(name).batch, recipes.at(name).epochs),
              std::tuple(0.1, 256, 110));
  for (const char* name :
       {"paper-resnet20", "paper-svhn", "paper-alexnet", "paper-resnet18", "paper-resnet50"}) {
    EXPECT_EQ(recipes.at(name).weight_quantizer, "dorefa") << name;
    EXPECT_EQ(recipes.at(name).alpha_decay, recipes.at(name).weight_decay) << name;
  }
}

TEST(Settings, DifferencesLeaveOutWhatDoesNotChangeTheResult) {
  Settings a, b;
  b.loader_threads = 3, b.rate = 0.5;
  const auto list = differences(a, b);
  ASSERT_EQ(list.size(), 1u);
  EXPECT_NE(list[0].find("rate"), std::string::npos);
}

}  // namespace
}  // namespace pact::train
