#include "report/accelerate_page.h"

#include <string_view>

#include "report/template.h"

namespace pact::embedded {
extern const std::string_view accelerate_html, accelerate_js, format_js, runs_js, charts_js, tables_js;
}

namespace pact::report {

std::string make_accelerate_page(const Json& data) {
  using namespace embedded;
  return fill_template(accelerate_html, data, {format_js, runs_js, charts_js, tables_js, accelerate_js});
}

}  // namespace pact::report
