#include "api/cosimulate.h"

#include <algorithm>
#include <chrono>

#include "api/classifier.h"
#include "api/model_data.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/random.h"
#include "data/dataset.h"
#include "engine/engine.h"
#include "graph/layers.h"
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

// Where images come from: a data set, or a generator of pixels.
class Images {
 public:
  Images(const graph::Graph& graph, const CosimulateCommand& command)
      : type_(graph.value(graph.inputs().at(0)).type), random_(1), count_(command.images) {
    if (type_.shape.size() != 4)
      fail(ErrorKind::unsupported, "{}: takes {}, and images have four extents", graph.name(),
           graph::to_string(type_));
    if (command.dataset == "random") return;
    dataset_ = load_data_for(command.model.path, command.dataset, data::Part::test).test;
    const int64_t channels = dataset_->image.channels, height = dataset_->image.height,
                  width = dataset_->image.width;
    if (type_.shape != graph::Shape{graph::kBatch, channels, height, width})
      fail("{} takes images of shape {}, {} has [N,{},{},{}]; --data random draws pixels of any shape",
           graph.name(), graph::to_string(type_.shape), dataset_->name, channels, height, width);
    count_ = std::min(count_, static_cast<int64_t>(dataset_->count()));
  }

  std::string name() const { return dataset_ ? dataset_->name : "random"; }
  int64_t count() const { return count_; }
  bool has_classes() const { return dataset_.has_value(); }
  int64_t label(int64_t index) const { return dataset_->labels[static_cast<size_t>(index)]; }

  // NHWC bytes as the graph's input; to be called once for each index, in order.
  Tensor input(int64_t index) {
    std::vector<uint8_t> pixels(static_cast<size_t>(type_.shape[1] * type_.shape[2] * type_.shape[3]));
    if (dataset_)
      dataset_->read(static_cast<size_t>(index), pixels);
    else
      for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(random_.below(256));
    return to_input(pixels, 1, type_);
  }

 private:
  graph::TensorType type_;
  std::optional<data::Dataset> dataset_;
  Random random_;
  int64_t count_;
};

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

// What lowering would say of a float network, layer by layer, does not help who forgot to quantize it.
void require_quantized(const graph::Graph& graph, const std::string& model) {
  using graph::Op;
  const auto is_on_codes = [](const graph::Node& node) {
    return node.op == Op::quant || node.op == Op::dequantize || is_integer_layer(node);
  };
  if (std::ranges::any_of(graph.nodes(), is_on_codes)) return;
  fail(
      "{}: is a float network, and arrays take integers; quantize it first: pact train with --weights and "
      "--activations, or pact calibrate {} -o RUN, without training",
      model, model);
}

}  // namespace

CosimulateSummary cosimulate(const CosimulateCommand& command, const CosimulateProgress& progress) {
  graph::Network trained = load_model(command.model);
  require_quantized(trained.graph, command.model.path.string());
  const graph::Network lowered = passes::lower(std::move(trained), command.lowering);
  CosimulateSummary summary;
  summary.network = lowered.graph.name();
  summary.designs = rtl::designs_of(lowered.graph, command.arrays);
  Images images(lowered.graph, command);
  summary.dataset = images.name();
  summary.images = images.count();
  if (images.has_classes()) summary.correct = 0;
  engine::Engine engine(lowered, {.isa = selected_isa(), .threads = 1, .max_batch = 1});
  if (engine.output_type().dtype != DataType::f32)
    fail(ErrorKind::unsupported, "{}: its output is {}; class scores are f32", summary.network,
         graph::to_string(engine.output_type()));

  const Stopwatch building;
  const rtl::ArraySet arrays(summary.designs, command.arrays.arithmetic, [&](size_t i, double seconds) {
    const rtl::Design& design = summary.designs[i];
    const size_t count = summary.designs.size();
    if (seconds > 0)  // nobody knows how long a compiler will take
      return progress.on_part(static_cast<double>(i) / static_cast<double>(count),
                              fmt::format("array {} of {}, for {}", i + 1, count, format_duration(seconds)));
    progress.on_step(fmt::format(
        "Verilator and the C++ compiler build array {} of {}: {} x {} elements, {} x {} bits "
        "into {}; half a minute for 16 x 16",
        i + 1, count, design.rows, design.columns, design.element.activation_bits,
        design.element.weight_bits, design.element.accumulator_bits));
  });
  summary.build_seconds = building.seconds();
  progress.on_step(fmt::format(
      "built in {}; {} through reference, arrays and engine", format_duration(summary.build_seconds),
      summary.images == 1 ? "an image goes" : fmt::format("{} images go", summary.images)));
  for (int64_t i = 0; i < summary.images; ++i) {
    const auto at = [&](double part, const char* where) {
      progress.on_part((static_cast<double>(i) + part) / static_cast<double>(summary.images),
                       fmt::format("image {} of {}, {}", i + 1, summary.images, where));
    };
    constexpr double kReferencePart = 0.3;
    const Tensor input = images.input(i);
    const graph::Tensors expected = reference::evaluate_all(
        lowered, input, [&](double part) { at(kReferencePart * part, "reference"); });
    const int64_t units_before = unit_cycles(arrays);
    const Stopwatch running;
    const rtl::NetworkRun run = rtl::run_network(arrays, lowered, input, expected, [&](double part) {
      at(kReferencePart + (1 - kReferencePart) * part, "arrays");
    });
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
    if (summary.correct) *summary.correct += best_of(run.output) == images.label(i);
    at(1, "compared");
  }
  for (const rtl::NodeRun& node : summary.nodes) {
    summary.values += node.values;
    summary.wrong += node.wrong;
  }
  return summary;
}

}  // namespace pact::api
