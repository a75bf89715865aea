#include "calibration/calibrate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "graph/text.h"
#include "passes/insert_quantizers.h"
#include "passes/lower/lower.h"
#include "reference/evaluate.h"
#include "reference/random_network.h"

namespace pact::calibration {
namespace {

using graph::Network;
using graph::Op;
using graph::Tensor;

// Convolution, batch norm, relu, a convolution without relu behind it (so that the next input has both
// signs), a shortcut and a linear layer.
Network small() {
  Network network{graph::parse(R"(graph small
input image: f32[N,3,8,8]
param stem.w: f32[6,3,3,3]
param gamma: f32[6]
param beta: f32[6]
buffer m: f32[6]
buffer v: f32[6]
param middle.w: f32[6,6,3,3]
param middle.b: f32[6]
param point.w: f32[6,6,1,1]
param fc.w: f32[5,6]
pixels: f32[N,3,8,8] = normalize(image) mean=[123.7,116.3,103.5] std=[58.4,57.1,57.4]
stem: f32[N,6,8,8] = conv2d(pixels, stem.w) pads=[1,1,1,1]
norm: f32[N,6,8,8] = batch_norm(stem, gamma, beta, m, v)
active: f32[N,6,8,8] = relu(norm)
middle: f32[N,6,8,8] = conv2d(active, middle.w, middle.b) pads=[1,1,1,1]
point: f32[N,6,8,8] = conv2d(middle, point.w)
both: f32[N,6,8,8] = add(point, active)
last: f32[N,6,8,8] = relu(both)
means: f32[N,6] = global_avg_pool(last)
scores: f32[N,5] = linear(means, fc.w)
output scores
)",
                               "test"),
                  {}};
  Random random(2);
  for (const graph::Value& value : network.graph.values()) {
    if (value.kind != graph::ValueKind::parameter && value.kind != graph::ValueKind::buffer) continue;
    Tensor tensor = Tensor::zeros(value.type.dtype, value.type.shape);
    for (float& each : tensor.as<float>())
      each = static_cast<float>(random.uniform()) + (value.name == "v" ? 1.0f : -0.45f);
    network.tensors[value.name] = std::move(tensor);
  }
  return network;
}

Images images_of(const Network& network, int batches) {
  auto left = std::make_shared<int>(batches);
  return {[left, &network](Tensor& batch) {
            if (*left == 0) return false;
            batch = reference::random_input(network, 4, static_cast<uint64_t>((*left)--));
            return true;
          },
          4};
}

// Root of the mean squared difference of the scores, against their own root mean square.
double relative_error(const Network& network, const Network& other) {
  const Tensor images = reference::random_input(network, 8, 99);
  const Tensor expected = reference::evaluate(network, images);
  const Network lowered = passes::lower(other);
  Tensor input = images;
  if (lowered.graph.value(lowered.graph.inputs()[0]).type.dtype == graph::DataType::u8) {
    input = Tensor::zeros(graph::DataType::u8, images.shape);
    for (size_t i = 0; i < images.as<float>().size(); ++i)
      input.as<uint8_t>()[i] = static_cast<uint8_t>(images.as<float>()[i]);
  }
  const Tensor found = reference::evaluate(lowered, input);
  double error = 0, size = 0;
  for (size_t i = 0; i < expected.as<float>().size(); ++i) {
    const double e = static_cast<double>(expected.as<float>()[i]);
    error += std::pow(static_cast<double>(found.as<float>()[i]) - e, 2);
    size += e * e;
  }
  return std::sqrt(error / size);
}

TEST(Calibrate, EightBitsOfIntegersAreNearTheFloatNetworkAndFewerBitsFarther) {
  const Network network = small();
  const Calibrated eight = calibrate(network, {}, images_of(network, 6));
  // Integer means of pixels change what the padding stands for, which has a share in this.
  EXPECT_LT(relative_error(network, eight.network), 0.02);
  const Calibrated four = calibrate(network, {.weights = 4, .activations = 4}, images_of(network, 6));
  const Calibrated two = calibrate(network, {.weights = 2, .activations = 2}, images_of(network, 6));
  EXPECT_LT(relative_error(network, eight.network), relative_error(network, four.network));
  EXPECT_LT(relative_error(network, four.network), relative_error(network, two.network));
}

TEST(Calibrate, EveryLayerBecomesIntegerAndPixelsStayBytes) {
  const Network network = small();
  const Calibrated calibrated = calibrate(network, {}, images_of(network, 2));
  const Network lowered = passes::lower(calibrated.network);
  EXPECT_EQ(lowered.graph.value(lowered.graph.inputs()[0]).type.dtype, graph::DataType::u8);
  for (const graph::Node& node : lowered.graph.nodes())
    EXPECT_TRUE(node.op != Op::conv2d && node.op != Op::linear && node.op != Op::batch_norm) << node.name;
  ASSERT_EQ(calibrated.values.size(), 3u);  // of middle, point and scores
  EXPECT_EQ(calibrated.values[0].grid.name, "middle.input_quant");
  EXPECT_FALSE(calibrated.values[0].grid.has_sign);
  EXPECT_TRUE(calibrated.values[1].grid.has_sign);
  EXPECT_FALSE(calibrated.values[2].grid.has_sign);
  for (const CalibratedValue& value : calibrated.values) {
    EXPECT_GT(value.grid.level, 0.0f);
    EXPECT_LE(static_cast<double>(value.grid.level), value.magnitudes.largest() * 1.001);
  }
}

TEST(Calibrate, BiasCorrectionRestoresTheMeanOfALayer) {
  Network network = small();
  const Options options{.weights = 2, .activations = 32, .last_layer = 32};
  Options corrected = options;
  corrected.bias_correction = BiasCorrection::on;
  const auto mean_of_middle = [&](const Network& other) {
    double sum = 0;
    Images images = images_of(network, 3);
    for (Tensor batch; images.next(batch);) {
      // The stem with real weights in both, so that the middle layer reads the same.
      const Tensor y = reference::evaluate_all(other, batch).at("middle");
      for (size_t i = 0; i < y.as<float>().size(); ++i)
        if (i / 64 % 6 == 1) sum += static_cast<double>(y.as<float>()[i]);
    }
    return sum;
  };
  Options plain = options, mended = corrected;
  plain.first_layer = mended.first_layer = 32;
  const double expected = mean_of_middle(network);
  const double without = mean_of_middle(calibrate(network, plain, images_of(network, 3)).network);
  const double with = mean_of_middle(calibrate(network, mended, images_of(network, 3)).network);
  EXPECT_GT(std::abs(without - expected), 100 * std::abs(with - expected));
}

TEST(Calibrate, RefusesWhatItCannotDoInWords) {
  const Network network = small();
  const auto refuses = [&](const Network& model, const Options& options, int batches,
                           const std::string& word) {
    try {
      calibrate(model, options, images_of(network, batches));
      FAIL() << word;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(word), std::string::npos) << error.what();
    }
  };
  refuses(network, {}, 0, "at least one image");
  refuses(network, {.weights = 9}, 1, "2 to 8 bits");
  refuses(network, {.activations = 0}, 1, "1 to 8 bits");
  refuses(network, {.activations = 1}, 1, "both signs");
  refuses(network, {.weights = 32, .activations = 32}, 1, "nothing to calibrate");
  refuses(network, {.range = Range::percentile, .share = 0}, 1, "percentile");
  refuses(calibrate(network, {}, images_of(network, 1)).network, {}, 1, "quantized already");
  Network broken = network;
  broken.tensors.at("middle.b").as<float>()[2] = INFINITY;
  refuses(broken, {}, 1, "the value 'middle'");
  broken = network;
  broken.tensors.at("middle.w").as<float>()[2] = NAN;
  refuses(broken, {}, 1, "layer 'middle'");
}

}  // namespace
}  // namespace pact::calibration
