#include "api/calibrate.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "api/calibrated_run.h"
#include "api/classifier.h"
#include "api/fit.h"
#include "api/model_data.h"
#include "api/output.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/files.h"
#include "base/words.h"
#include "base/writable.h"
#include "model_file/model_file.h"
#include "onnx_io/export.h"
#include "passes/layer_table.h"
#include "passes/lower/lower.h"
#include "zoo/zoo.h"

namespace pact::api {
namespace fs = std::filesystem;
namespace {

graph::Network from_zoo(const CalibrateCommand& command, const data::Dataset& data) {
  const std::string name = command.model.path.string();
  if (command.parameters.empty())
    fail(ErrorKind::usage,
         "{}: is a network of the zoo without numbers; give those of a trained one with --parameters "
         "RUN/last.safetensors, or name the run itself",
         name);
  const zoo::InputSpec input{data.image.channels,     data.image.height,
                             data.image.width,        static_cast<int64_t>(data.classes.size()),
                             data.normalization.mean, data.normalization.std};
  graph::Network network{zoo::find_entry(name).build(input),
                         graph::read_safetensors(command.parameters).tensors};
  try {
    graph::verify(network);
  } catch (const Error& error) {
    fail("{} does not fit {}: {}", command.parameters.string(), name, error.what());
  }
  return network;
}

graph::Network load_float(const CalibrateCommand& command, const data::Dataset& data) {
  if (is_zoo_network(command.model.path)) return from_zoo(command, data);
  if (!command.parameters.empty())
    fail(ErrorKind::usage, "--parameters is for networks of the zoo (`pact zoo`); {} has its own numbers",
         command.model.path.string());
  if (model_file::is_model_file(command.model.path))
    fail("{}: holds integers already; calibration starts from a float network", command.model.path.string());
  return load_model(command.model);
}

// An output that is in the way is told before the work, not after it.
void require_free(const CalibrateCommand& command) {
  const fs::path& output = command.output;
  if (output.empty()) fail(ErrorKind::usage, "say with -o what to write: a run directory, *.onnx or *.pact");
  if (is_onnx(output) || model_file::is_model_file(output))
    return require_output(output, OutputKind::network, {command.model.path, command.parameters});
  if (fs::is_directory(output) && !fs::is_empty(output))
    fail("{}: exists and is not empty; choose another -o", output.string());
  require_can_be_made(output);
}

// `wanted` images, evenly spread, because files may hold them class by class.
std::vector<size_t> choose_images(const data::Dataset& data, int64_t wanted) {
  if (wanted < 1) fail(ErrorKind::usage, "calibration needs at least one image, not {}", wanted);
  const size_t count = std::min(data.count(), static_cast<size_t>(wanted));
  if (count == 0) fail("{}: has no training images", data.name);
  std::vector<size_t> chosen;
  for (size_t i = 0; i < count; ++i) chosen.push_back(i * data.count() / count);
  return chosen;
}

void write_output(const CalibrateCommand& command, CalibrateSummary& summary, const graph::Network& network) {
  if (is_onnx(command.output))
    write_file(command.output, onnx_io::export_onnx(network, {.classes = summary.classes}));
  else if (model_file::is_model_file(command.output))
    write_file(command.output, model_file::serialize({passes::lower(network), summary.classes}));
  else
    summary.notes = write_calibrated_run(command, summary, network);
}

}  // namespace

CalibrateSummary calibrate(const CalibrateCommand& command, const CalibrateProgress& progress) {
  const auto start = std::chrono::steady_clock::now();
  require_free(command);
  CalibrateSummary summary;
  const data::Dataset data = load_data_for(command.model.path, command.dataset, data::Part::train).train;
  summary.dataset = data.name;
  // The model's own, where it has any: other data may calibrate it.
  const std::vector<std::string> own = class_names(command.model.path);
  summary.classes = own.size() == data.classes.size() ? own : data.classes;
  const graph::Network network = load_float(command, data);
  require_fit(network.graph, command.model.path.string(), data);
  calibration::require_calibratable(network, command.options);
  const std::vector<size_t> chosen = choose_images(data, command.images);
  summary.images = static_cast<int64_t>(chosen.size());
  progress.on_step(
      fmt::format("{}: choosing the grids of the weights, then running {} of {} in float32",
                  network.graph.name(), counted(summary.images, "training image"), data.name));

  const graph::TensorType input = network.graph.value(network.graph.inputs()[0]).type;
  size_t done = 0;
  std::vector<uint8_t> pixels;
  calibration::Images images{{}, 16};
  images.next = [&](graph::Tensor& batch) {
    progress.on_images(static_cast<int64_t>(done), summary.images);
    const size_t count = std::min(chosen.size() - done, static_cast<size_t>(images.max_batch));
    if (count == 0) {
      progress.on_step("choosing the grids of the activations");
      return false;
    }
    pixels.clear();
    for (size_t i = 0; i < count; ++i) {
      const auto image = data.pixels_of(chosen[done + i]);
      pixels.insert(pixels.end(), image.begin(), image.end());
    }
    batch = to_input(pixels, static_cast<int64_t>(count), input);
    done += count;
    return true;
  };
  calibration::Options options = command.options;
  if (options.threads < 1) options.threads = usable_cores();
  calibration::Calibrated calibrated = calibration::calibrate(network, options, images);
  // What cannot become integers is told now, and not by the command that runs it.
  passes::lower(calibrated.network);

  const passes::LayerTable table = passes::make_layer_table(calibrated.network.graph);
  summary.network = network.graph.name();
  summary.values = std::move(calibrated.values);
  summary.bytes = table.bytes;
  summary.float_bytes = passes::make_layer_table(network.graph).float_bytes;
  write_output(command, summary, calibrated.network);
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return summary;
}

}  // namespace pact::api
