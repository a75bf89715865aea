// Takes known fields out of JSON that someone else wrote, so that all further code, down to the script of the
// page, may rely on their types. Unknown fields are dropped: a newer trainer may write more than this reader
// knows.
#pragma once

#include <nlohmann/json.hpp>

#include <span>
#include <string>

namespace pact::report {

// Ordered, because the order of layers and settings in the files means something to the reader of the page.
using Json = nlohmann::ordered_json;

// A number may be null where a value is not finite, which JSON cannot say otherwise.
enum class FieldKind { number, finite_number, text, number_list, number_map, settings };
enum class Presence { optional, required };

struct Field {
  const char* name;
  FieldKind kind;
  Presence presence = Presence::optional;
};

// The members of `object` that `fields` lists. Throws Error, naming `where` and the field, when `object` is
// no object, a required field is absent, or one is not of its kind.
Json take_fields(const Json& object, std::span<const Field> fields, const std::string& where);

}  // namespace pact::report
