#include "report/template.h"

#include "base/error.h"

namespace pact::embedded {
extern const std::string_view report_css, chart_js;
}

namespace pact::report {
namespace {

// JSON that may stand in a <script> element: no string in it, such as a layer's name, can close the element
// or open a comment, since it has no `<` left.
std::string to_script_text(const Json& json) {
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    if (c == '<')
      safe += "\\u003c";
    else
      safe += c;
  }
  return safe;
}

std::string text_of(std::string_view place, const Json& data,
                    std::initializer_list<std::string_view> scripts) {
  if (place == "data") return to_script_text(data);
  if (place == "style") return std::string(embedded::report_css);
  if (place == "chart") return std::string(embedded::chart_js);
  if (place == "script") return fmt::format("{}", fmt::join(scripts, "\n"));
  fail(ErrorKind::internal, "a page's template has no place named '{}'", place);
}

}  // namespace

// Fills every `{{place}}` of the template, in one walk, so that nothing filled in is looked at again.
std::string fill_template(std::string_view page, const Json& data,
                          std::initializer_list<std::string_view> scripts) {
  std::string filled;
  for (;;) {
    const size_t open = page.find("{{");
    filled += page.substr(0, open);
    if (open == std::string_view::npos) return filled;
    const size_t close = page.find("}}", open);
    PACT_CHECK(close != std::string_view::npos);
    const std::string_view place = page.substr(open + 2, close - open - 2);
    filled += text_of(place, data, scripts);
    page.remove_prefix(close + 2);
  }
}

}  // namespace pact::report
