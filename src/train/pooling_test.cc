// Every pool that the graph allows, uneven pads, wide ones and dilations among them, against its definition.
#include "train/pooling.h"

#include <gtest/gtest.h>

#include <limits>

#include "graph/text.h"

namespace pact::train {
namespace {

using graph::Node;

// Element by element; rows and columns beyond the image are left out.
float expected(const Node& node, const at::Tensor& x, int64_t channel, int64_t row, int64_t column) {
  const auto &kernel = node.integers("kernel"), &strides = node.integers("strides"),
             &pads = node.integers("pads"), &dilations = node.integers("dilations");
  double sum = 0, greatest = -std::numeric_limits<double>::infinity();
  int64_t count = 0;
  for (int64_t i = 0; i < kernel[0]; ++i)
    for (int64_t j = 0; j < kernel[1]; ++j) {
      const int64_t y = row * strides[0] - pads[0] + i * dilations[0];
      const int64_t z = column * strides[1] - pads[1] + j * dilations[1];
      if (y < 0 || z < 0 || y >= x.size(2) || z >= x.size(3)) continue;
      const auto element = x[0][channel][y][z].item<double>();
      sum += element, greatest = std::max(greatest, element), ++count;
    }
  if (node.op == graph::Op::max_pool) return static_cast<float>(greatest);
  if (node.integer("count_include_pad") != 0) count = kernel[0] * kernel[1];
  return static_cast<float>(sum / static_cast<double>(count));
}

struct Windows {
  std::vector<int64_t> kernel, strides{1, 1}, pads{0, 0, 0, 0}, dilations{1, 1};
};

TEST(Pooling, IsWhatTheGraphSays) {
  const at::Tensor x = at::randn({1, 2, 5, 6});
  for (const Windows& windows :
       {Windows{.kernel = {2, 2}}, Windows{.kernel = {3, 2}, .strides = {2, 1}, .pads = {1, 0, 1, 0}},
        Windows{.kernel = {3, 3}, .pads = {2, 2, 2, 2}}, Windows{.kernel = {2, 2}, .pads = {1, 0, 0, 1}},
        Windows{.kernel = {2, 3}, .dilations = {3, 2}},
        Windows{.kernel = {2, 2}, .strides = {1, 2}, .pads = {1, 3, 2, 0}, .dilations = {2, 4}}})
    for (const int64_t counted : {-1, 0, 1}) {  // -1: the greatest
      graph::Attributes attributes{{"kernel", windows.kernel},
                                   {"strides", windows.strides},
                                   {"pads", windows.pads},
                                   {"dilations", windows.dilations}};
      if (counted >= 0) attributes["count_include_pad"] = counted;
      graph::Graph graph;
      const graph::ValueId in = graph.add_input("x", {graph::DataType::f32, {graph::kBatch, 2, 5, 6}});
      graph.add_node(counted < 0 ? graph::Op::max_pool : graph::Op::avg_pool, "y", {in}, attributes);
      const Node& node = graph.nodes().front();
      const std::string where = graph::print(graph);
      const at::Tensor y = counted < 0 ? run_max_pool(node, x) : run_avg_pool(node, x);
      const graph::Shape& shape = graph.value(node.output).type.shape;
      ASSERT_EQ(y.sizes(), (std::vector<int64_t>{1, 2, shape[2], shape[3]})) << where;
      for (int64_t c = 0; c < 2; ++c)
        for (int64_t h = 0; h < shape[2]; ++h)
          for (int64_t w = 0; w < shape[3]; ++w)
            ASSERT_NEAR(y[0][c][h][w].item<float>(), expected(node, x, c, h, w), 1e-5) << where;
    }
}

}  // namespace
}  // namespace pact::train
