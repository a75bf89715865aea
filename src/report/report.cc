// The page is a template with places for the style, the scripts and the data. All drawing is done by the
// scripts, in the browser, so that the page can follow its width, the dark theme and the printer; this side
// only hands them data whose types have been checked.
#include "report/report.h"

#include <string_view>

#include "base/error.h"
#include "base/files.h"
#include "report/run_files.h"
#include "report/template.h"

namespace pact::embedded {
extern const std::string_view report_html, format_js, runs_js, charts_js, histograms_js, tables_js,
    report_js;
}

namespace pact::report {

std::string make_report(const std::vector<std::filesystem::path>& run_directories) {
  if (run_directories.empty()) fail(ErrorKind::usage, "a report needs at least one run directory");
  const std::vector<std::string> labels = run_labels(run_directories);
  Json runs = Json::array();
  for (size_t i = 0; i < run_directories.size(); ++i) {
    RunFiles files = read_run(run_directories[i]);
    runs.push_back({{"label", labels[i]},
                    {"run", std::move(files.run)},
                    {"metrics", std::move(files.metrics)},
                    {"report", std::move(files.report)},
                    {"notes", files.notes}});
  }
  using namespace embedded;
  return fill_template(report_html, runs,
                       {format_js, runs_js, charts_js, histograms_js, tables_js, report_js});
}

void write_report(const std::vector<std::filesystem::path>& run_directories,
                  const std::filesystem::path& output) {
  write_file(output, make_report(run_directories));
}

}  // namespace pact::report
