#include "api/cosimulate.h"

#include <algorithm>
#include <chrono>

#include "api/classifier.h"
#include "api/model_data.h"
#include "base/cpu.h"
#include "base/error.h"
#include "data/dataset.h"
#include "engine/engine.h"
#include "reference/evaluate.h"

namespace pact::api {

using graph::DataType;
using graph::Tensor;

namespace {

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// One image, NHWC bytes, as the graph's input.
Tensor input_of(const graph::Graph& graph, const data::Dataset& dataset, size_t index) {
  const graph::TensorType& type = graph.value(graph.inputs().at(0)).type;
  const int64_t channels = dataset.image.channels, height = dataset.image.height, width = dataset.image.width;
  if (type.shape != graph::Shape{graph::kBatch, channels, height, width})
    fail("{} takes images of shape {}, {} has [N,{},{},{}]", graph.name(), graph::to_string(type.shape),
         dataset.name, channels, height, width);
  std::vector<uint8_t> pixels(dataset.image.pixels());
  dataset.read(index, pixels);
  return to_input(pixels, 1, type);
}

int64_t best_of(const Tensor& scores) {
  const auto row = scores.as<float>();
  return std::ranges::max_element(row) - row.begin();
}

int64_t unit_cycles(const rtl::ArraySet& arrays) {
  int64_t cycles = 0;
  for (const auto& array : arrays.all()) cycles += array->requantize_cycles();
  return cycles;
}

// The first image's nodes, with the values of the others counted in.
void add_nodes(std::vector<rtl::NodeRun>& all, const std::vector<rtl::NodeRun>& own) {
  if (all.empty()) {
    all = own;
    return;
  }
  for (size_t i = 0; i < own.size(); ++i) {
    all[i].values += own[i].values;
    all[i].wrong += own[i].wrong;
  }
}

}  // namespace

CosimulateSummary cosimulate(const CosimulateCommand& command,
                             const std::function<void(int64_t, int64_t)>& on_progress) {
  const graph::Network lowered = passes::lower(load_model(command.model), command.lowering);
  CosimulateSummary summary;
  summary.network = lowered.graph.name();
  const data::Dataset test = load_data_for(command.model.path, command.dataset, data::Part::test).test;
  summary.dataset = test.name;
  summary.images = std::min(command.images, static_cast<int64_t>(test.count()));
  summary.designs = rtl::designs_of(lowered.graph, command.arrays);
  engine::Engine engine(lowered, {.isa = selected_isa(), .threads = 1, .max_batch = 1});
  if (engine.output_type().dtype != DataType::f32)
    fail(ErrorKind::unsupported, "{}: its output is {}; class scores are f32", summary.network,
         graph::to_string(engine.output_type()));

  const Stopwatch building;
  const rtl::ArraySet arrays(summary.designs, command.arrays.arithmetic);
  summary.build_seconds = building.seconds();
  for (int64_t i = 0; i < summary.images; ++i) {
    const Tensor input = input_of(lowered.graph, test, static_cast<size_t>(i));
    const graph::Tensors expected = reference::evaluate_all(lowered, input);
    const int64_t units_before = unit_cycles(arrays);
    const Stopwatch running;
    const rtl::NetworkRun run = rtl::run_network(arrays, lowered, input, expected);
    summary.hardware_seconds += running.seconds();
    if (i == 0) {
      summary.requantize_cycles = unit_cycles(arrays) - units_before;
      for (const rtl::NodeRun& node : run.nodes) {
        summary.cycles += node.cycles;
        summary.model_cycles += node.model_cycles;
      }
    }
    add_nodes(summary.nodes, run.nodes);
    summary.images_unlike_engine += engine.run(input) != run.output;
    summary.correct += best_of(run.output) == test.labels[static_cast<size_t>(i)];
    on_progress(i + 1, summary.images);
  }
  for (const rtl::NodeRun& node : summary.nodes) {
    summary.values += node.values;
    summary.wrong += node.wrong;
  }
  return summary;
}

}  // namespace pact::api
