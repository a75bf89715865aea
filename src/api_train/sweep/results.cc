#include "api_train/sweep/results.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "api/evaluate.h"
#include "api/model.h"
#include "base/checksum.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/files.h"
#include "base/version.h"
#include "report/run_files.h"

namespace pact::api {
namespace fs = std::filesystem;
namespace {

bool is_quantized(const graph::Graph& graph) {
  return std::ranges::any_of(graph.nodes(), [](const graph::Node& node) {
    return node.op == graph::Op::quant || node.op == graph::Op::dequantize;
  });
}

// Mean and sample standard deviation of a field, over the rows that have it.
Json spread_of(const std::vector<const Json*>& rows, const char* field) {
  std::vector<double> values;
  for (const Json* row : rows)
    if (row->contains(field) && (*row)[field].is_number()) values.push_back((*row)[field].get<double>());
  if (values.empty()) return nullptr;
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / static_cast<double>(values.size());
  for (const double value : values) squares += (value - mean) * (value - mean);
  Json spread = {{"mean", mean}, {"count", values.size()}};
  if (values.size() > 1) spread["deviation"] = std::sqrt(squares / static_cast<double>(values.size() - 1));
  return spread;
}

// What rows of one group share. Each seed has its own start, so that rows of different seeds may refer to
// different runs; how many threads there are is the machine's business.
std::string group_key(const Json& row) {
  static const std::set<std::string> kLeftOut = {"seed", "threads", "loader_threads", "checkpoint_steps",
                                                 "init", "teacher"};
  Json key = {{"network", row["network"]}, {"data", row["data"]}};
  for (const auto& [name, value] : row["settings"].items())
    if (!kLeftOut.contains(name)) key["settings"][name] = value;
  for (const auto& [name, label] : row["axes"].items())
    if (!kLeftOut.contains(name)) key["axes"][name] = label;
  return key.dump();
}

// The part of the names that the rows of a group have in common: "w2a2" of w2a2-seed1 and w2a2-seed2.
std::string common_name(const std::vector<const Json*>& rows) {
  std::string name = (*rows.front())["name"];
  if (rows.size() == 1) return name;
  for (const Json* row : rows) {
    const std::string other = (*row)["name"];
    const auto end = std::ranges::mismatch(name, other);
    name.erase(end.in1, name.end());
  }
  for (const char* tail : {"seed", "-", "_", "."})
    if (name.ends_with(tail)) name.erase(name.rfind(tail));
  return name.empty() ? (*rows.front())["name"].get<std::string>() : name;
}

void add_figures(Json& json, const report::RunFiles& files) {
  json["network"] = files.run.value("network", "");
  const std::string dataset = files.run.value("dataset", "");
  json["data"] = dataset.substr(0, dataset.find(':'));
  if (files.run.contains("settings")) json["settings"] = files.run["settings"];
  double seconds = 0;
  Json curve = Json::array();
  for (const Json& line : files.metrics) {
    Json point = {{"epoch", line["epoch"]}};
    for (const char* field : {"train_top1", "test_top1", "alpha"})
      if (line.contains(field)) point[field] = line[field];
    if (line.contains("seconds") && line["seconds"].is_number()) seconds += line["seconds"].get<double>();
    if (line.contains("test_top1") && line["test_top1"].is_number()) json["top1"] = line["test_top1"];
    if (line.contains("test_loss") && line["test_loss"].is_number()) json["loss"] = line["test_loss"];
    json["epochs"] = line["epoch"];
    curve.push_back(std::move(point));
  }
  if (!files.metrics.empty()) json["seconds"] = seconds;
  if (const auto totals = files.report.find("totals"); totals != files.report.end())
    for (const char* field : {"bytes", "float_bytes"})
      if (totals->contains(field)) json[field] = (*totals)[field];
  json["curve"] = std::move(curve);
}

}  // namespace

IntegerResult integer_result(const fs::path& run, const std::string& dataset, const IntegerResult& known,
                             const std::function<void(int64_t, int64_t)>& on_progress) {
  IntegerResult result;
  try {
    const std::string parameters = read_file(run / "last.safetensors");
    result.checksum = fmt::format("{:08x}-{}", crc32(parameters), parameters.size());
    if (result.checksum == known.checksum) return known;
    if (!is_quantized(load_model({.path = run}).graph)) return result;
    EvaluateCommand command;
    command.model.path = run;
    command.dataset = dataset;
    command.arithmetic = Arithmetic::integer;
    result.top1 = evaluate(command, on_progress).evaluation.top1;
  } catch (const Error& error) {
    result.note = error.what();
    result.checksum.clear();
  }
  return result;
}

Json row_json(const SweepRow& row, const RowResult& result) {
  Json json = {{"name", row.name},
               {"status", result.status},
               {"message", result.message},
               {"directory", result.directory.string()},
               {"network", report::network_name(row.parts.network)},
               {"data", row.parts.dataset.substr(0, row.parts.dataset.find(':'))},
               {"axes", Json::object()},
               {"settings", result.settings},
               {"curve", Json::array()}};
  for (const auto& [axis, label] : row.axes) json["axes"][axis] = label;
  if (fs::exists(result.directory / "run.json")) {
    try {
      add_figures(json, report::read_run(result.directory));
    } catch (const Error& error) {
      json["status"] = "failed";
      json["message"] = error.what();
    }
  }
  if (result.integer.top1) json["integer_top1"] = *result.integer.top1;
  if (!result.integer.note.empty()) json["integer_note"] = result.integer.note;
  if (!result.integer.checksum.empty()) json["checksum"] = result.integer.checksum;
  return json;
}

IntegerResult integer_of(const Json& row) {
  IntegerResult result;
  if (row.contains("integer_top1") && row["integer_top1"].is_number())
    result.top1 = row["integer_top1"].get<double>();
  if (row.contains("checksum") && row["checksum"].is_string())
    result.checksum = row["checksum"].get<std::string>();
  return result;
}

Json results_json(const Sweep& sweep, const Json& rows) {
  std::vector<std::pair<std::string, std::vector<const Json*>>> groups;  // in the order of their first rows
  for (const Json& row : rows) {
    if (row["status"] != "finished") continue;
    const std::string key = group_key(row);
    auto group = std::ranges::find(groups, key, [](const auto& each) { return each.first; });
    if (group == groups.end()) group = groups.insert(groups.end(), {key, {}});
    group->second.push_back(&row);
  }
  Json means = Json::array();
  for (const auto& [key, members] : groups) {
    const Json& first = *members.front();
    Json group = {{"name", common_name(members)},
                  {"network", first["network"]},
                  {"data", first["data"]},
                  {"axes", first["axes"]},
                  {"settings", first["settings"]},
                  {"rows", Json::array()},
                  {"top1", spread_of(members, "top1")},
                  {"integer_top1", spread_of(members, "integer_top1")}};
    for (const Json* row : members) group["rows"].push_back((*row)["name"]);
    means.push_back(std::move(group));
  }
  return {{"name", sweep.name},  {"description", sweep.description},
          {"version", kVersion}, {"machine", machine_description()},
          {"rows", rows},        {"groups", means}};
}

}  // namespace pact::api
