#include "report/sweep_page.h"

#include <string_view>

#include "base/error.h"
#include "report/template.h"

namespace pact::embedded {
extern const std::string_view sweep_html, sweep_js, figures_js, report_css, chart_js, format_js, runs_js,
    charts_js, tables_js;
}

namespace pact::report {
namespace {

std::string sweep_text(std::string_view place) {
  using namespace embedded;
  if (place == "style") return std::string(report_css);
  if (place == "chart") return std::string(chart_js);
  if (place == "script")
    return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", format_js, runs_js, charts_js, tables_js, figures_js,
                       sweep_js);
  fail(ErrorKind::internal, "the page's template has no place named '{}'", place);
}

}  // namespace

std::string make_sweep_page(const Json& results) {
  return fill_template(embedded::sweep_html, results, sweep_text);
}

}  // namespace pact::report
