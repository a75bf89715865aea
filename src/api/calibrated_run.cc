#include "api/calibrated_run.h"

#include <unistd.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "base/cpu.h"
#include "base/error.h"
#include "base/files.h"
#include "base/version.h"
#include "graph/text.h"
#include "model_file/run_network.h"
#include "passes/layer_table.h"
#include "report/report.h"

namespace pact::api {
namespace fs = std::filesystem;
namespace {

using nlohmann::ordered_json;

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

// The page shows what lies behind a ReLU; values of both signs were counted by magnitude alone.
ordered_json histogram(const calibration::CalibratedValue& value) {
  constexpr size_t kBins = 96;
  const std::vector<int64_t>& bins = value.magnitudes.bins();
  std::vector<int64_t> counts(kBins, 0);
  const double high = std::max(value.magnitudes.largest(), static_cast<double>(value.grid.level)) * 1.05;
  for (size_t i = 0; i < bins.size(); ++i) {
    const double middle = (static_cast<double>(i) + 0.5) * value.magnitudes.width();
    counts[std::min(static_cast<size_t>(middle / high * kBins), kBins - 1)] += bins[i];
  }
  counts[0] += value.magnitudes.zeros();
  const int codes = 1 << (value.grid.has_sign ? value.grid.reading.bits - 1 : value.grid.reading.bits);
  std::vector<double> levels;
  for (int code = 0; code < codes; ++code)
    levels.push_back(static_cast<double>(value.grid.level) * code / (codes - 1));
  return {{"name", value.grid.name}, {"kind", "activation"}, {"low", 0.0}, {"high", high},
          {"counts", counts},        {"levels", levels}};
}

ordered_json report_of(const CalibrateSummary& summary, const graph::Graph& graph) {
  const passes::LayerTable table = passes::make_layer_table(graph);
  ordered_json layers = ordered_json::array(), histograms = ordered_json::array();
  for (const passes::LayerRow& row : table.rows)
    layers.push_back({{"name", row.name},
                      {"op", row.op},
                      {"output", row.output},
                      {"weight_bits", row.weight_bits},
                      {"weight_scheme", row.weight_scheme},
                      {"activation_bits", row.activation_bits},
                      {"activation_scheme", row.activation_scheme},
                      {"parameters", row.parameters},
                      {"macs", row.macs},
                      {"bytes", row.bytes}});
  for (const calibration::CalibratedValue& value : summary.values)
    if (!value.grid.has_sign) histograms.push_back(histogram(value));
  return {{"layers", layers},
          {"histograms", histograms},
          {"totals",
           {{"parameters", table.parameters},
            {"macs", table.macs},
            {"bytes", table.bytes},
            {"float_bytes", summary.float_bytes}}}};
}

ordered_json settings_of(const CalibrateCommand& command, const CalibrateSummary& summary) {
  const calibration::Options& options = command.options;
  ordered_json settings = {
      {"calibrated_from", command.model.path.string()},
      {"images", summary.images},
      {"weights", options.weights},
      {"activations", options.activations},
      {"first_layer", options.first_layer},
      {"last_layer", options.last_layer},
      {"range", name_of(options.range)},
      {"granularity", name_of(options.granularity)},
      {"bias_correction", options.bias_correction == calibration::BiasCorrection::on ? "yes" : "no"},
      {"shortcuts", name_of(options.shortcuts)}};
  if (options.range == calibration::Range::percentile) settings["percentile"] = 100 * options.share;
  return settings;
}

// The files of a run, made in a folder of their own until all are there. A new directory then appears by one
// rename; into one that is there, and may be a mount or the current one, they move, and run.json, which makes it
// a run, is the last.
class WholeRun {
 public:
  explicit WholeRun(const fs::path& directory)
      : directory_(fs::absolute(directory / "").lexically_normal().parent_path()),
        was_there_(fs::exists(directory_)) {
    const std::string name = fmt::format(".pact-{}.tmp", ::getpid());
    folder_ =
        was_there_ ? directory_ / name : directory_.parent_path() / (directory_.filename().string() + name);
    make_writable_directory(folder_);
  }
  ~WholeRun() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  WholeRun(const WholeRun&) = delete;
  WholeRun& operator=(const WholeRun&) = delete;

  // Where to write the file `name`.
  fs::path file(const char* name) { return begun_.emplace_back(folder_ / name); }

  void keep() {
    if (!was_there_) return move(folder_, directory_);
    for (const fs::path& path : begun_) move(path, directory_ / path.filename());
  }

 private:
  static void move(const fs::path& from, const fs::path& to) {
    std::error_code error;
    fs::rename(from, to, error);
    if (error) fail("{}: cannot be written: {}", to.string(), error.message());
  }

  fs::path directory_;
  bool was_there_;
  fs::path folder_;
  std::vector<fs::path> begun_;
};

}  // namespace

std::vector<std::string> write_calibrated_run(const CalibrateCommand& command,
                                              const CalibrateSummary& summary,
                                              const graph::Network& network) {
  const std::string now = utc_now();
  const ordered_json run = {{"command", command.command_line},
                            {"network", summary.network},
                            {"dataset", summary.dataset},
                            {"classes", summary.classes},
                            {"version", kVersion},
                            {"machine", machine_description()},
                            {"started", now},
                            {"updated", now},
                            {"settings", settings_of(command, summary)},
                            {"status", "finished"},
                            {"message", "Calibrated, not trained: there are no epochs."}};
  WholeRun whole(command.output);
  const std::string graph = graph::print(network.graph);
  write_file(whole.file("graph.txt"), graph);
  graph::write_safetensors(
      whole.file("last.safetensors"),
      {network.tensors, {{"format", "pact.checkpoint.1"}, {model_file::kGraphKey, graph}}});
  write_file(whole.file("report.json"), report_of(summary, network.graph).dump() + "\n");
  write_file(whole.file("run.json"), run.dump(2) + "\n");
  whole.keep();
  try {
    report::write_report({command.output}, command.output / "report.html");
  } catch (const Error& error) {
    return {fmt::format("{}; the network is whole, and `pact report` writes its page", error.what())};
  }
  return {};
}

}  // namespace pact::api
