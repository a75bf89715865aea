// Pages are templates with places for the style, the scripts and the data: `{{name}}`.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "report/fields.h"

namespace pact::report {

// Fills `{{data}}` with `data`, so that nothing in it can end its <script> element, `{{script}}` with
// `scripts`, a line end between them, and `{{style}}` and `{{chart}}` with what all pages share.
std::string fill_template(std::string_view page, const Json& data,
                          std::initializer_list<std::string_view> scripts);

}  // namespace pact::report
