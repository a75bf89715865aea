// Every network of the zoo the whole way from quantizers to integers, files and hardware, on the smallest
// form of it that still has all its kinds of layers. A network that is added to the catalog is tested here at
// once.
#include <gtest/gtest.h>

#include <set>

#include "accelerator/evaluate.h"
#include "accelerator/load.h"
#include "base/cpu.h"
#include "engine/engine.h"
#include "graph/grids.h"
#include "graph/layers.h"
#include "onnx_io/export.h"
#include "onnx_io/import.h"
#include "passes/lower/lower.h"
#include "rtl/layer.h"
#include "rtl/network.h"
#include "small_networks.h"

namespace pact {
namespace {

using graph::DataType;
using graph::Network;
using graph::Node;
using graph::Op;
using graph::Tensor;

class Networks : public ::testing::TestWithParam<zoo::ZooEntry> {};

Tensor to_bytes(const Tensor& images) {
  Tensor bytes = Tensor::zeros(DataType::u8, images.shape);
  std::ranges::transform(images.as<float>(), bytes.as<uint8_t>().begin(),
                         [](float pixel) { return static_cast<uint8_t>(pixel); });
  return bytes;
}

std::vector<int64_t> classes_of(const Tensor& scores) {
  std::vector<int64_t> classes;
  const auto width = static_cast<size_t>(scores.shape[1]);
  for (size_t at = 0; at < scores.as<float>().size(); at += width) {
    const auto row = scores.as<float>().subspan(at, width);
    classes.push_back(std::ranges::max_element(row) - row.begin());
  }
  return classes;
}

double difference(const Tensor& a, const Tensor& b) {
  double sum = 0, size = 0;
  for (size_t i = 0; i < a.as<float>().size(); ++i) {
    sum += std::abs(static_cast<double>(a.as<float>()[i]) - static_cast<double>(b.as<float>()[i]));
    size += std::abs(static_cast<double>(a.as<float>()[i]));
  }
  return sum / size;
}

std::string dump_real_layers(const Network& lowered) {
  std::string names;
  for (const Node& node : lowered.graph.nodes())
    if (node.op == Op::conv2d || node.op == Op::linear || node.op == Op::batch_norm) names += node.name + " ";
  return names;
}

void expect_the_whole_way(Network trained) {
  graph::verify(trained);
  const Tensor images = small_images(trained.graph, 3), bytes = to_bytes(images);
  settle_on(trained, images);
  const Tensor expected = reference::evaluate(trained, images);

  // Integers, all layers of them, near what was trained and the same in the engine.
  const Network lowered = passes::lower(trained);
  EXPECT_EQ(dump_real_layers(lowered), "");
  const Tensor scores = reference::evaluate(lowered, bytes);
  EXPECT_LT(difference(expected, scores), 0.03);
  EXPECT_GT(std::set<float>(scores.as<float>().begin(), scores.as<float>().end()).size(), 10u);
  engine::Engine engine(lowered, {.isa = selected_isa(), .threads = 1, .max_batch = 4});
  EXPECT_EQ(engine.run(bytes), scores);

  // Integers alone.
  const Network fixed = passes::lower(trained, {.requantization = passes::Requantization::fixed});
  for (const Node& node : fixed.graph.nodes())
    EXPECT_TRUE(fixed.graph.value(node.output).type.dtype != DataType::f32 ||
                node.output == fixed.graph.outputs()[0])
        << node.name;
  engine::Engine fixed_engine(fixed, {.isa = selected_isa(), .threads = 1, .max_batch = 4});
  EXPECT_EQ(fixed_engine.run(bytes), reference::evaluate(fixed, bytes));

  // Files.
  for (const onnx_io::Format format : {onnx_io::Format::qcdq, onnx_io::Format::qonnx}) {
    const Network again = onnx_io::import_onnx(onnx_io::export_onnx(trained, {.format = format}), "test", {});
    const Tensor after = reference::evaluate(passes::lower(again), bytes);
    EXPECT_EQ(classes_of(after), classes_of(scores)) << name_of(format);
    EXPECT_LT(difference(scores, after), 1e-6) << name_of(format);
  }

  // Hardware.
  const accelerator::Hardware hardware = accelerator::load_hardware("configs/accelerators/edge-npu.json");
  const accelerator::Result cost =
      accelerator::evaluate(accelerator::make_workload(trained.graph), hardware.accelerator);
  EXPECT_GT(cost.cycles_per_image, 0);
  const std::vector<rtl::Design> designs = rtl::designs_of(fixed.graph, {});
  size_t layers = 0;
  for (const Node& node : fixed.graph.nodes()) {
    if (!graph::is_integer_layer(node)) continue;
    ++layers;
    const rtl::LayerForm form = rtl::form_of(fixed.graph, node);
    EXPECT_TRUE(std::ranges::any_of(designs, [&](const rtl::Design& design) {
      return design.element.activation_bits == form.activation_bits &&
             design.element.weight_bits == form.weight_grid.bits;
    })) << node.name;
  }
  EXPECT_EQ(layers, cost.layers.size());
}

TEST_P(Networks, GoTheWholeWay) { expect_the_whole_way(small_quantized(GetParam(), 4)); }

// With codes on its identity shortcuts, where it has such.
TEST_P(Networks, GoTheWholeWayWithCodedShortcuts) {
  const Network real = small_quantized(GetParam(), 4),
                coded = small_quantized(GetParam(), 4, passes::Shortcuts::codes);
  const bool has_identities = std::string_view(GetParam().name).starts_with("resnet");
  if (coded.graph == real.graph) {
    EXPECT_FALSE(has_identities);
    return;
  }
  expect_the_whole_way(coded);
  // No addition reads real numbers that the codes were made of.
  const Network lowered = passes::lower(coded);
  for (const Node& node : lowered.graph.nodes())
    if (node.op == Op::add)
      for (const graph::ValueId x : node.inputs) {
        if (lowered.graph.producer(x)->op == Op::dequantize) {
          EXPECT_EQ(lowered.graph.consumers(x).size(), 1u) << node.name;
        }
        EXPECT_NE(lowered.graph.producer(x)->op, Op::relu) << node.name;
      }
}

// The codes in front of the first three layers are those of the real form, but for ties; further on random
// networks make much of each code that differs.
TEST_P(Networks, HaveTheSameCodesInIntegersAlone) {
  Network trained = small_quantized(GetParam(), 8);
  const Tensor images = small_images(trained.graph, 2), bytes = to_bytes(images);
  settle_on(trained, images);
  const graph::Tensors real = reference::evaluate_all(passes::lower(trained), bytes);
  const Network fixed = passes::lower(trained, {.requantization = passes::Requantization::fixed});
  const graph::Tensors integers = reference::evaluate_all(fixed, bytes);
  size_t quantizers = 0;
  for (const Node& node : fixed.graph.nodes()) {
    if (node.op != Op::fixed_requantize || quantizers == 3) continue;
    ++quantizers;
    const Tensor &codes = integers.at(node.name), &expected = real.at(node.name);
    if (codes.shape != expected.shape) continue;  // in front of a pool here, behind it there
    double sum = 0;
    for (size_t i = 0; i < codes.bytes.size(); ++i)
      sum += std::abs(graph::code_at(codes, i) - graph::code_at(expected, i));
    EXPECT_LT(sum / static_cast<double>(codes.bytes.size()), 0.1) << node.name;
  }
  EXPECT_GE(quantizers, 3u);
}

INSTANTIATE_TEST_SUITE_P(Zoo, Networks, ::testing::ValuesIn(zoo::catalog()), [](const auto& tested) {
  std::string name = tested.param.name;
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
}  // namespace pact
