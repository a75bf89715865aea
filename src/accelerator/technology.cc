#include "accelerator/technology.h"

#include <set>

#include "accelerator/fields.h"
#include "base/error.h"
#include "base/strings.h"

namespace pact::accelerator {
namespace {

constexpr Range kPositive{1e-12, kHuge};

std::map<std::string, std::string> words_of(Fields& from, const std::string& key) {
  std::map<std::string, std::string> words;
  if (!from.has(key)) return words;
  const Json& object = from.raw(key);
  if (!object.is_object()) fail("{}: {} must be an object", from.origin(), from.name_of(key));
  for (const auto& [name, value] : object.items())
    words[name] = value.is_string() ? value.get<std::string>() : value.dump();
  return words;
}

TechnologyEntry parse_entry(Fields fields) {
  TechnologyEntry entry;
  entry.design = fields.text("design");
  entry.accumulator = fields.text("accumulator");
  entry.activation_bits = static_cast<int>(fields.integer("activation_bits", {1, 32}));
  entry.weight_bits = static_cast<int>(fields.integer("weight_bits", {1, 32}));
  entry.area = fields.real("area", kPositive);
  entry.products = static_cast<int>(fields.optional_integer("products", {1, 4096}).value_or(1));
  entry.accumulator_bits = fields.optional_real("accumulator_bits", {1, 256});
  entry.flops = fields.optional_real("flops", {0, kHuge});
  entry.delay_ns = fields.optional_real("delay_ns", kPositive);
  entry.energy_pj = fields.optional_real("energy_pj", kPositive);
  fields.finish();
  return entry;
}

std::string name_of(const TechnologyEntry& entry) {
  return fmt::format("{}/{} a{}w{}", entry.design, entry.accumulator, entry.activation_bits,
                     entry.weight_bits);
}

}  // namespace

const TechnologyEntry& Technology::find(const std::string& design, const std::string& accumulator,
                                        int activation_bits, int weight_bits) const {
  for (const TechnologyEntry& entry : entries)
    if (entry.design == design && entry.accumulator == accumulator &&
        entry.activation_bits == activation_bits && entry.weight_bits == weight_bits)
      return entry;
  std::vector<std::string> known;
  for (const TechnologyEntry& entry : entries) known.push_back(name_of(entry));
  fail("{}: has no entry {}/{} a{}w{}; there are: {}", origin, design, accumulator, activation_bits,
       weight_bits, join(known));
}

double Technology::density(const std::string& design, const std::string& accumulator, int bits,
                           int base_bits) const {
  const TechnologyEntry& one = find(design, accumulator, bits, bits);
  const TechnologyEntry& base = find(design, accumulator, base_bits, base_bits);
  return (base.area / base.products) / (one.area / one.products);
}

Technology parse_technology(const std::string& text, const std::string& origin) {
  const Json json = parse_json(text, origin);
  Fields fields(json, origin);
  Technology technology;
  technology.origin = origin;
  technology.library = fields.text("library");
  technology.units = words_of(fields, "units");
  technology.provenance = words_of(fields, "provenance");
  const Json& entries = fields.raw("entries");
  if (!entries.is_array() || entries.empty())
    fail("{}: entries must be a list of at least one object", origin);
  fields.finish();
  std::set<std::string> names;
  for (size_t i = 0; i < entries.size(); ++i) {
    technology.entries.push_back(parse_entry(Fields(entries[i], origin, fmt::format("entries[{}]", i))));
    const std::string name = name_of(technology.entries.back());
    if (!names.insert(name).second) fail("{}: entries[{}] is a second {}", origin, i, name);
  }
  return technology;
}

}  // namespace pact::accelerator
