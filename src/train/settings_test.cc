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

TEST(Settings, RecipeErrorsNameFileAndKey) {
  const auto path = std::filesystem::temp_directory_path() / ("recipe-" + std::to_string(getpid()) + ".json");
  write_file(path, R"({"description": "x", "epohcs": 3})");
  Settings s;
  const std::string message = caught([&] { apply_recipe(s, path); });
  EXPECT_NE(message.find(path.string()), std::string::npos);
  EXPECT_NE(message.find("epohcs"), std::string::npos);
  write_file(path, "{\"epochs\": ");
  EXPECT_NE(caught([&] { apply_recipe(s, path); }).find("JSON"), std::string::npos);
  write_file(path, R"({"epochs": {"a": 1}})");
  EXPECT_NE(caught([&] { apply_recipe(s, path); }).find("epochs"), std::string::npos);
  std::filesystem::remove(path);
}

TEST(Settings, EveryRecipeThatComesWithPactIsSound) {
  std::map<std::string, Settings> recipes;
  for (const auto& entry : std::filesystem::directory_iterator("configs/recipes")) {
    Settings& s = recipes[entry.path().stem().string()];
    apply_recipe(s, entry.path());
    require_valid(s);
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
