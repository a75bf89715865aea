#include "report/accelerate_page.h"

#include <string_view>

#include "base/error.h"
#include "report/template.h"

namespace pact::embedded {
extern const std::string_view accelerate_html, accelerate_js, report_css, chart_js, format_js, runs_js,
    charts_js, tables_js;
}

namespace pact::report {
namespace {

std::string accelerate_text(std::string_view place) {
  using namespace embedded;
  if (place == "style") return std::string(report_css);
  if (place == "chart") return std::string(chart_js);
  if (place == "script")
    return fmt::format("{}\n{}\n{}\n{}\n{}", format_js, runs_js, charts_js, tables_js, accelerate_js);
  fail(ErrorKind::internal, "the page's template has no place named '{}'", place);
}

}  // namespace

std::string make_accelerate_page(const Json& data) {
  return fill_template(embedded::accelerate_html, data, accelerate_text);
}

}  // namespace pact::report
