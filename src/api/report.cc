#include "api/report.h"

#include <algorithm>

#include "api/output.h"
#include "base/error.h"
#include "report/report.h"
#include "report/run_files.h"

namespace pact::api {
namespace {

// A member of `object`, as far as it is a number.
std::optional<int64_t> whole_number(const report::Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number()) return std::nullopt;
  return found->get<int64_t>();
}

RunRow make_row(const std::string& label, const report::RunFiles& files) {
  RunRow row;
  row.run = label;
  row.notes = files.notes;
  row.network = files.run.value("network", "?");
  row.status = files.run.value("status", "?");
  if (const auto settings = files.run.find("settings");
      settings != files.run.end() && settings->is_object()) {
    row.weights = whole_number(*settings, "weights").value_or(32);
    row.activations = whole_number(*settings, "activations").value_or(32);
  }
  for (const auto& line : files.metrics) {
    row.epochs = line.value("epoch", row.epochs);
    if (const auto top1 = line.find("test_top1"); top1 != line.end() && top1->is_number())
      row.test_top1 = top1->get<double>();
  }
  if (const auto totals = files.report.find("totals"); totals != files.report.end() && totals->is_object())
    row.bytes = whole_number(*totals, "bytes");
  return row;
}

}  // namespace

std::vector<RunRow> write_report(const std::vector<std::filesystem::path>& given,
                                 const std::filesystem::path& output,
                                 const std::function<void(const std::string&)>& on_note) {
  std::vector<std::filesystem::path> runs;
  for (const std::filesystem::path& run : given) {
    std::error_code ignored;
    const auto is_same = [&](const auto& other) { return std::filesystem::equivalent(run, other, ignored); };
    if (std::ranges::none_of(runs, is_same))
      runs.push_back(run);
    else if (on_note)
      on_note(fmt::format("{}: is named more than once and shown once", run.string()));
  }
  require_output(output, OutputKind::page, {});
  report::write_report(runs, output);
  const std::vector<std::string> labels = report::run_labels(runs);
  std::vector<RunRow> rows;
  for (size_t i = 0; i < runs.size(); ++i) rows.push_back(make_row(labels[i], report::read_run(runs[i])));
  return rows;
}

}  // namespace pact::api
