#include "accelerator/description.h"

#include <cmath>

#include "accelerator/fields.h"
#include "base/error.h"
#include "base/strings.h"

namespace pact::accelerator {
namespace {

constexpr Range kPositive{1e-9, kHuge};

int64_t bits_of_kb(double kilobytes) { return static_cast<int64_t>(std::llround(kilobytes * 8192)); }

Arrays parse_array(Fields one, int64_t cores) {
  Arrays array;
  array.shape.rows = one.integer("rows", {1, 1 << 20});
  array.shape.columns = one.integer("columns", {1, 1 << 20});
  array.cores = one.optional_integer("cores", {1, 1 << 20}).value_or(cores);
  one.finish();
  return array;
}

// How much of each width fits into the area that `base` takes at `base_bits`.
std::map<int, Arrays> parse_iso_area(Fields one, int64_t cores, const Accelerator& a,
                                     const Technology* technology) {
  const int base_bits = static_cast<int>(one.integer("base_bits", {1, 32}));
  const Arrays base = parse_array(one.object("base"), cores);
  const bool grows_cores = !one.has("grow") || one.choice("grow", {"cores", "array"}) == "cores";
  const Json& list = one.raw("bits");
  if (!list.is_array() || list.empty()) fail("{}: {} must be a list of bits", a.origin, one.name_of("bits"));
  one.finish();
  if (!a.technology)
    fail("{}: arrays.iso_area takes densities from a technology; name it by the key technology", a.origin);
  if (!technology) fail(ErrorKind::internal, "{} was parsed without its technology", a.origin);
  std::map<int, Arrays> arrays;
  for (const Json& value : list) {
    if (!value.is_number_integer() || value.get<int64_t>() < 1 || value.get<int64_t>() > 32)
      fail("{}: arrays.iso_area.bits holds {}; bits are whole numbers from 1 to 32", a.origin, value.dump());
    const int bits = value.get<int>();
    const double density =
        technology->density(a.technology->design, a.technology->accumulator, bits, base_bits);
    arrays[bits] = base;
    if (grows_cores)
      arrays[bits].cores = std::max<int64_t>(1, std::llround(static_cast<double>(base.cores) * density));
    else
      arrays[bits].shape = nearly_square(static_cast<double>(base.shape.elements()) * density);
  }
  return arrays;
}

std::map<int, Arrays> parse_arrays(Fields& fields, int64_t cores, const Accelerator& a,
                                   const Technology* technology) {
  const Json& object = fields.raw("arrays");
  if (!object.is_object() || object.empty())
    fail(
        "{}: arrays must be an object from bits to an array, such as {{\"8\": {{\"rows\": 16, \"columns\": "
        "16}}}}",
        fields.origin());
  if (object.contains("iso_area")) {
    if (object.size() > 1)
      fail("{}: arrays.iso_area makes all arrays; the other keys of arrays contradict it", fields.origin());
    return parse_iso_area(Fields(object.at("iso_area"), fields.origin(), "arrays.iso_area"), cores, a,
                          technology);
  }
  std::map<int, Arrays> arrays;
  for (const auto& [key, value] : object.items()) {
    const auto bits = parse_integer(key);
    if (!bits || *bits < 1 || *bits > 32)
      fail("{}: arrays.{}: the key must be the bits of the operands, 1 to 32, or iso_area", fields.origin(),
           key);
    arrays[static_cast<int>(*bits)] = parse_array(Fields(value, fields.origin(), "arrays." + key), cores);
  }
  return arrays;
}

std::vector<Dataflow> parse_dataflows(Fields& fields) {
  using enum Dataflow;
  const std::string word = fields.choice("dataflow", {"ws", "is", "os", "any"});
  if (word == "ws") return {weight_stationary};
  if (word == "is") return {input_stationary};
  if (word == "os") return {output_stationary};
  return {weight_stationary, output_stationary, input_stationary};
}

int parse_accumulator(Fields& fields) {
  const Json& value = fields.raw("accumulator_bits");
  if (value.is_string() && value.get<std::string>() == "exact") return 0;
  if (value.is_string())
    fail("{}: accumulator_bits must be \"exact\" or a whole number, not \"{}\"", fields.origin(),
         value.get<std::string>());
  return static_cast<int>(fields.integer("accumulator_bits", {1, 128}));
}

// A number, or "technology".
void parse_clock(Fields& fields, Accelerator& a) {
  const Json& value = fields.raw("clock_ghz");
  if (!value.is_string()) {
    a.clock_ghz = fields.real("clock_ghz", kPositive);
    return;
  }
  if (value.get<std::string>() != "technology")
    fail("{}: clock_ghz must be a number above 0 or \"technology\", not \"{}\"", fields.origin(),
         value.get<std::string>());
  if (!a.technology)
    fail("{}: clock_ghz takes delays from a technology; name it by the key technology", fields.origin());
  a.is_clock_by_technology = true;
}

double parse_bandwidth(Fields& memory) {
  const Json& value = memory.raw("bandwidth_gb_s");
  if (value.is_string() && value.get<std::string>() == "inf") return kUnlimited;
  if (value.is_string())
    fail("{}: memory.bandwidth_gb_s must be a number above 0 or \"inf\", not \"{}\"", memory.origin(),
         value.get<std::string>());
  return memory.real("bandwidth_gb_s", kPositive);
}

Memory parse_memory(Fields fields) {
  Memory memory;
  memory.on_chip_bits = bits_of_kb(fields.real("on_chip_kb", kPositive));
  memory.bandwidth_gb_s = parse_bandwidth(fields);
  Fields buffers = fields.object("buffers");
  memory.input_buffer_bits = bits_of_kb(buffers.real("input_kb", kPositive));
  memory.weight_buffer_bits = bits_of_kb(buffers.real("weight_kb", kPositive));
  memory.accumulator_buffer_bits = bits_of_kb(buffers.real("accumulator_kb", kPositive));
  buffers.finish();
  fields.finish();
  return memory;
}

}  // namespace

ArrayShape nearly_square(double elements) {
  const auto columns = std::max<int64_t>(1, static_cast<int64_t>(std::sqrt(elements)));
  return {std::max<int64_t>(1, static_cast<int64_t>(elements / static_cast<double>(columns))), columns};
}

std::optional<std::string> technology_of(const std::string& text, const std::string& origin) {
  const Json json = parse_json(text, origin);
  Fields fields(json, origin);
  if (!fields.has("technology")) return std::nullopt;
  return fields.object("technology").text("file");
}

Accelerator parse_accelerator(const std::string& text, const std::string& origin,
                              const Technology* technology) {
  const Json json = parse_json(text, origin);
  Fields fields(json, origin);
  Accelerator a;
  a.origin = origin;
  a.name = fields.text("name");
  a.description = fields.text("description");
  a.precision = fields.choice("precision", {"fixed", "configurable"}) == "fixed" ? Precision::fixed
                                                                                 : Precision::configurable;
  if (fields.has("wider_layers"))
    a.wider_layers = fields.choice("wider_layers", {"refuse", "passes"}) == "refuse" ? WiderLayers::refuse
                                                                                     : WiderLayers::passes;
  if (fields.has("technology")) {
    Fields element = fields.object("technology");
    a.technology =
        ElementTechnology{element.text("file"), element.text("design"), element.text("accumulator")};
    element.finish();
  }
  const int64_t cores = fields.optional_integer("cores", {1, 1 << 20}).value_or(1);
  a.arrays = parse_arrays(fields, cores, a, technology);
  a.dataflows = parse_dataflows(fields);
  a.buffering = fields.choice("stationary_buffering", {"single", "double"}) == "single" ? Buffering::single_
                                                                                        : Buffering::double_;
  parse_clock(fields, a);
  a.accumulator_bits = parse_accumulator(fields);
  a.batch = fields.optional_integer("batch", {1, 1 << 20}).value_or(1);
  a.memory = parse_memory(fields.object("memory"));
  if (fields.has("memory_technology")) a.memory_technology = fields.text("memory_technology");
  fields.finish();
  require_sound(a);
  return a;
}

void require_sound(const Accelerator& a) {
  const Memory& m = a.memory;
  if (!(m.bandwidth_gb_s > 0))
    fail("{}: memory.bandwidth_gb_s must be above 0, not {}", a.origin, m.bandwidth_gb_s);
  if (!(a.clock_ghz > 0) || !std::isfinite(a.clock_ghz)) fail("{}: clock_ghz must be above 0", a.origin);
  if (a.batch < 1) fail("{}: batch must be at least 1, not {}", a.origin, a.batch);
  const auto kb = [](int64_t bits) { return static_cast<double>(bits) / 8192; };
  if (m.resident_bits() < 0)
    fail(
        "{}: memory.buffers take {} kB in all, more than memory.on_chip_kb, which is {}; they are part of it",
        a.origin, kb(m.on_chip_bits - m.resident_bits()), kb(m.on_chip_bits));
  for (const auto& [bits, arrays] : a.arrays) {
    if (arrays.cores < 1 || arrays.shape.rows < 1 || arrays.shape.columns < 1)
      fail("{}: arrays.{} must have at least one core, row and column", a.origin, bits);
    // Elements for narrower operands cannot be fewer than for wider ones, or the entry would be of no use.
    for (const auto& [wider, other] : a.arrays)
      if (wider > bits && other.macs_per_cycle() > arrays.macs_per_cycle())
        fail("{}: arrays.{} has {} elements and arrays.{} only {}; narrower operands should not get fewer",
             a.origin, wider, other.macs_per_cycle(), bits, arrays.macs_per_cycle());
  }
}

Accelerator::Mode Accelerator::mode(int network_bits, int weight_bits, int activation_bits) const {
  const int wanted = std::max(weight_bits, activation_bits);
  // The chip of a network: the narrowest entry that holds its inner layers, else the widest.
  auto chip = arrays.lower_bound(network_bits);
  if (chip == arrays.end()) chip = std::prev(arrays.end());
  auto entry = chip;
  if (precision == Precision::configurable) entry = arrays.lower_bound(wanted);
  if (entry != arrays.end() && entry->first >= wanted) return {entry->second, entry->first, 1};
  if (precision == Precision::configurable) entry = std::prev(arrays.end());
  if (wider_layers == WiderLayers::refuse)
    fail(
        "has {} bits of weights and {} of activations, the elements of {} hold {}; give the layer fewer "
        "bits, add an "
        "array for wider operands, or set wider_layers to \"passes\"",
        weight_bits, activation_bits, name, entry->first);
  return {entry->second, entry->first,
          ceil_div(weight_bits, entry->first) * ceil_div(activation_bits, entry->first)};
}

double Accelerator::peak_macs_per_s(int bits) const {
  const Mode one = mode(bits, bits, bits);
  return static_cast<double>(one.arrays.macs_per_cycle()) / static_cast<double>(one.passes) * clock_ghz * 1e9;
}

}  // namespace pact::accelerator
