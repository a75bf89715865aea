// `pact report`.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "api/report.h"
#include "base/progress.h"
#include "cli/commands.h"

namespace pact::cli {
namespace {

std::string bits_text(const api::RunRow& row) {
  const auto text = [](const std::optional<int64_t>& bits) {
    return !bits ? "?" : *bits == 32 ? "float" : fmt::format("{}", *bits);
  };
  if (row.weights == 32 && row.activations == 32) return "float";
  return fmt::format("{} / {}", text(row.weights), text(row.activations));
}

void print_table(const std::vector<api::RunRow>& rows) {
  fmt::print("{:<20} {:<10} {:>11} {:>7} {:>12} {:>10}\n", "run", "network", "bits w / a", "epochs",
             "test top-1", "bytes");
  for (const api::RunRow& row : rows)
    fmt::print("{:<20} {:<10} {:>11} {:>7} {:>12} {:>10}{}\n", row.run, row.network, bits_text(row),
               row.epochs, row.test_top1 ? fmt::format("{:.2f} %", *row.test_top1) : "-",
               row.bytes ? fmt::format("{}", *row.bytes) : "-",
               row.status == "finished" ? "" : "  (" + row.status + ")");
}

nlohmann::ordered_json to_json(const std::vector<api::RunRow>& rows, const std::string& output) {
  nlohmann::ordered_json runs = nlohmann::ordered_json::array();
  for (const api::RunRow& row : rows) {
    nlohmann::ordered_json run = {{"run", row.run}, {"network", row.network}, {"status", row.status}};
    if (row.weights) run["weights"] = *row.weights;
    if (row.activations) run["activations"] = *row.activations;
    run["epochs"] = row.epochs;
    if (row.test_top1) run["top1"] = *row.test_top1;
    if (row.bytes) run["bytes"] = *row.bytes;
    runs.push_back(run);
  }
  return {{"runs", runs}, {"report", output}};
}

}  // namespace

void add_report(CLI::App& app, Run& run) {
  struct Arguments {
    std::vector<std::string> runs;
    std::string output;
    bool json = false;
  };
  auto args = std::make_shared<Arguments>();
  CLI::App* report =
      app.add_subcommand("report", "compare runs: a table, and one HTML page for offline reading");
  report->add_option("runs", args->runs, "run directories; several are compared")->required();
  report->add_option("-o,--output", args->output, "file to write [report.html in the first run]");
  report->add_flag("--json", args->json, "print the result as one JSON object");
  report->callback([args, &run] {
    run = [args] {
      const std::string output = args->output.empty() ? args->runs[0] + "/report.html" : args->output;
      const std::vector<api::RunRow> rows = api::write_report(
          {args->runs.begin(), args->runs.end()}, output, tell);
      for (const api::RunRow& row : rows)
        for (const std::string& note : row.notes) tell(row.run + ": " + note);
      if (args->json) {
        fmt::print("{}\n", to_json(rows, output).dump());
      } else {
        print_table(rows);
        fmt::print("report: {}\n", output);
      }
    };
  });
}

}  // namespace pact::cli
