#include "report/sweep_page.h"

#include <string_view>

#include "report/template.h"

namespace pact::embedded {
extern const std::string_view sweep_html, sweep_js, figures_js, format_js, runs_js, charts_js, tables_js;
}

namespace pact::report {

std::string make_sweep_page(const Json& results) {
  using namespace embedded;
  return fill_template(sweep_html, results, {format_js, runs_js, charts_js, tables_js, figures_js, sweep_js});
}

}  // namespace pact::report
