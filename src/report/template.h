// Pages are templates with places for the style, the scripts and the data: `{{name}}`.
#pragma once

#include <string>
#include <string_view>

#include "report/fields.h"

namespace pact::report {

// Fills `{{data}}` with `data`, so that nothing in it can end its <script> element, and every other place by
// `text_for`.
std::string fill_template(std::string_view page, const Json& data,
                          std::string (*text_for)(std::string_view place));

}  // namespace pact::report
