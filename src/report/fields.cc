#include "report/fields.h"

#include <algorithm>

#include "base/error.h"

namespace pact::report {
namespace {

bool is_number_or_null(const Json& value) { return value.is_number() || value.is_null(); }
bool is_scalar(const Json& value) { return value.is_primitive() && !value.is_binary(); }
bool is_setting(const Json& value) {
  return is_scalar(value) || (value.is_array() && std::all_of(value.begin(), value.end(), is_scalar));
}

bool is_of_kind(const Json& value, FieldKind kind) {
  const auto all = [&](bool (*test)(const Json&)) { return std::all_of(value.begin(), value.end(), test); };
  switch (kind) {
    case FieldKind::number:
      return is_number_or_null(value);
    case FieldKind::finite_number:
      return value.is_number();
    case FieldKind::text:
      return value.is_string();
    case FieldKind::number_list:
      return value.is_array() && all(is_number_or_null);
    case FieldKind::number_map:
      return value.is_object() && all(is_number_or_null);
    case FieldKind::settings:
      return value.is_object() && all(is_setting);
  }
  return false;
}

const char* name_of(FieldKind kind) {
  switch (kind) {
    case FieldKind::number:
      return "a number or null";
    case FieldKind::finite_number:
      return "a number";
    case FieldKind::text:
      return "a string";
    case FieldKind::number_list:
      return "a list of numbers";
    case FieldKind::number_map:
      return "an object of numbers";
    case FieldKind::settings:
      return "an object of numbers, strings, truth values and lists of them";
  }
  return "?";
}

}  // namespace

Json take_fields(const Json& object, std::span<const Field> fields, const std::string& where) {
  if (!object.is_object()) fail("{}: expected a JSON object, found {}", where, object.type_name());
  Json taken = Json::object();
  for (const Field& field : fields) {
    const auto found = object.find(field.name);
    if (found == object.end()) {
      if (field.presence == Presence::required) fail("{}: the field '{}' is missing", where, field.name);
      continue;
    }
    if (!is_of_kind(*found, field.kind)) fail("{}: '{}' must be {}", where, field.name, name_of(field.kind));
    taken[field.name] = *found;
  }
  return taken;
}

}  // namespace pact::report
