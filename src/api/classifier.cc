#include "api/classifier.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/cpu.h"
#include "base/error.h"
#include "data/loader.h"
#include "reference/evaluate.h"

namespace pact::api {

using graph::DataType;
using graph::Tensor;

struct Classifier::State {
  graph::Network lowered;
  std::unique_ptr<engine::Engine> engine;
  graph::TensorType input, output;
};

Tensor to_input(std::span<const uint8_t> pixels, int64_t count, const graph::TensorType& type) {
  Tensor tensor = Tensor::zeros(type.dtype, {count, type.shape[1], type.shape[2], type.shape[3]});
  const int64_t channels = type.shape[1], area = type.shape[2] * type.shape[3];
  const auto transpose = [&](auto out) {
    for (int64_t i = 0; i < count; ++i)
      for (int64_t c = 0; c < channels; ++c)
        for (int64_t at = 0; at < area; ++at)
          out[(i * channels + c) * area + at] = pixels[static_cast<size_t>((i * area + at) * channels + c)];
  };
  if (type.dtype == DataType::u8)
    transpose(tensor.as<uint8_t>());
  else
    transpose(tensor.as<float>());
  return tensor;
}

Classifier::Classifier(graph::Network trained, const ClassifierOptions& options)
    : state_(std::make_unique<State>()) {
  state_->lowered = passes::lower(std::move(trained), options.lowering);
  const graph::Graph& graph = state_->lowered.graph;
  if (graph.inputs().size() != 1 || graph.outputs().size() != 1)
    fail(ErrorKind::unsupported, "{}: has {} inputs and {} outputs; a classifier has one of each",
         graph.name(), graph.inputs().size(), graph.outputs().size());
  state_->input = graph.value(graph.inputs()[0]).type;
  state_->output = graph.value(graph.outputs()[0]).type;
  if (state_->input.shape.size() != 4 || state_->output.shape.size() != 2)
    fail(ErrorKind::unsupported,
         "{}: maps {} to {}; a classifier maps images [N,C,H,W] to scores [N,classes]", graph.name(),
         graph::to_string(state_->input), graph::to_string(state_->output));
  if (options.backend != Backend::integer) return;
  const engine::EngineOptions engine_options{
      .isa = selected_isa(), .threads = options.threads, .max_batch = options.max_batch};
  state_->engine = options.numbers == Numbers::dropped
                       ? std::make_unique<engine::Engine>(std::move(state_->lowered), engine_options)
                       : std::make_unique<engine::Engine>(state_->lowered, engine_options);
}

Classifier::~Classifier() = default;

std::vector<float> Classifier::logits(std::span<const uint8_t> pixels, int64_t count) {
  PACT_CHECK(pixels.size() == image().pixels() * static_cast<size_t>(count));
  const Tensor input = to_input(pixels, count, state_->input);
  std::vector<float> out(static_cast<size_t>(count * classes()));
  if (state_->engine) {
    state_->engine->run(input.bytes.data(), count, out.data());
  } else {
    const Tensor result = reference::evaluate(state_->lowered, input);
    std::ranges::copy(result.as<float>(), out.begin());
  }
  return out;
}

data::ImageShape Classifier::image() const {
  const graph::Shape& shape = state_->input.shape;
  return {static_cast<int>(shape[2]), static_cast<int>(shape[3]), static_cast<int>(shape[1])};
}

int64_t Classifier::classes() const { return state_->output.shape[1]; }
const graph::Network& Classifier::lowered() const { return state_->lowered; }
engine::Engine* Classifier::engine() { return state_->engine.get(); }

data::Evaluation classify_all(Classifier& classifier, const data::Dataset& dataset,
                               const std::function<void(int64_t)>& on_progress) {
  const int64_t batch = classifier.engine() ? 8 : 1;  // the reference takes its time for each
  const int64_t total = static_cast<int64_t>(dataset.count()), classes = classifier.classes();
  data::LoaderOptions options;
  options.batch_size = batch;
  options.order = data::Order::sequential;
  options.last_batch = data::LastBatch::keep;
  data::Loader loader(dataset, options);
  const auto start = std::chrono::steady_clock::now();
  data::Evaluation result;
  int64_t correct = 0;
  double loss = 0;
  loader.start(0);
  on_progress(0);
  while (const std::optional<data::Batch> images = loader.next()) {
    const auto count = static_cast<int64_t>(images->count());
    const std::vector<float> logits = classifier.logits(images->pixels, count);
    for (int64_t i = 0; i < count; ++i) {
      const float* row = logits.data() + i * classes;
      const int best = static_cast<int>(std::max_element(row, row + classes) - row);
      const int64_t label = images->labels[static_cast<size_t>(i)];
      double sum = 0;
      for (int64_t c = 0; c < classes; ++c) sum += std::exp(static_cast<double>(row[c] - row[best]));
      loss += std::log(sum) + static_cast<double>(row[best] - row[label]);
      correct += best == label;
      result.predictions.push_back(best);
    }
    result.images += count;
    on_progress(result.images);
  }
  result.top1 = 100.0 * static_cast<double>(correct) / static_cast<double>(total);
  result.loss = loss / static_cast<double>(total);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace pact::api
