#include "zoo/zoo.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "graph/rules.h"
#include "graph/text.h"

namespace pact::zoo {
namespace {

TEST(Zoo, GraphsAreSoundAndSurviveTheirTextForm) {
  for (const ZooEntry& entry : catalog()) {
    const graph::Graph graph = entry.build(entry.usual_input);
    EXPECT_TRUE(graph::find_problems(graph).empty()) << entry.name;
    EXPECT_TRUE(graph::parse(graph::print(graph), entry.name) == graph) << entry.name;
    EXPECT_TRUE(graph::find_problems(graph::Network{graph, initialize(graph, 1)}).empty()) << entry.name;
  }
}

// Parameters of He et al. 2016, table 6: 0.27 M, 0.46 M, 0.85 M.
TEST(Zoo, ResNetsHaveThePublishedSizes) {
  const auto count = [](const char* name) {
    const ZooEntry& entry = find_entry(name);
    int64_t parameters = 0;
    const graph::Graph graph = entry.build(entry.usual_input);
    for (const graph::Value& value : graph.values())
      if (value.kind == graph::ValueKind::parameter) parameters += graph::element_count(value.type.shape);
    return parameters;
  };
  EXPECT_EQ(count("resnet20"), 269722);
  EXPECT_EQ(count("resnet32"), 464154);
  EXPECT_EQ(count("resnet56"), 853018);
}

TEST(Zoo, InitialWeightsHaveTheirVarianceAndDependOnTheSeedOnly) {
  const graph::Graph graph = find_entry("resnet20").build({});
  const graph::Tensors a = initialize(graph, 1), b = initialize(graph, 1), c = initialize(graph, 2);
  EXPECT_TRUE(a == b);
  EXPECT_FALSE(a == c);
  double squares = 0;
  const auto weights = a.at("layer3.1.conv1.weight").as<float>();
  for (const float w : weights) squares += static_cast<double>(w) * static_cast<double>(w);
  EXPECT_NEAR(squares / static_cast<double>(weights.size()), 2.0 / (64 * 9), 2e-4);
}

TEST(Zoo, UnknownNamesAreRefusedWithTheNearest) {
  try {
    find_entry("resnet-20");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'resnet20'"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace pact::zoo
