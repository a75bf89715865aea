// Results of `pact accelerate` for programs: JSON, CSV, and the page, which draws itself from the same JSON.
#include <cmath>
#include <nlohmann/json.hpp>

#include "api/accelerate.h"
#include "base/error.h"
#include "base/files.h"
#include "base/strings.h"
#include "report/accelerate_page.h"

namespace pact::api {
namespace {

using Json = nlohmann::ordered_json;

// JSON has no infinity; "inf" is also what the option takes.
Json number_or_inf(double x) { return std::isinf(x) ? Json("inf") : Json(x); }

Json layer_json(const accelerator::LayerResult& layer, double images) {
  return {{"name", layer.name},
          {"weight_bits", layer.weight_bits},
          {"activation_bits", layer.activation_bits},
          {"accumulator_bits", layer.accumulator_bits},
          {"macs", layer.macs / images},
          {"cycles", layer.cycles / images},
          {"compute_cycles", static_cast<double>(layer.compute.cycles) / images},
          {"bound", name_of(layer.bound)},
          {"utilisation", layer.utilisation},
          {"dataflow", name_of(layer.compute.dataflow)},
          {"loops", name_of(layer.tiling.order)},
          {"tile_rows", layer.tiling.rows},
          {"tile_channels", layer.tiling.channels},
          {"tile_in_channels", layer.tiling.in_channels},
          {"passes", layer.passes},
          {"weight_bytes", layer.weight_bits_moved / 8 / images},
          {"input_bytes", layer.input_bits_moved / 8 / images},
          {"shortcut_bytes", layer.shortcut_bits_moved / 8 / images},
          {"output_bytes", layer.output_bits_moved / 8 / images},
          {"external_bytes", layer.moved_bits() / 8 / images},
          {"weights_stay", layer.is_pinned},
          {"input_stays", layer.input_stays},
          {"output_stays", layer.output_stays},
          {"energy_pj", layer.energy.total_pj() / images}};
}

Json point_json(const AcceleratePoint& point) {
  const accelerator::Result& r = point.result;
  Json layers = Json::array();
  for (const accelerator::LayerResult& layer : r.layers)
    layers.push_back(layer_json(layer, static_cast<double>(r.images)));
  Json json = {{"bits", point.bits},
               {"bandwidth_gb_s", number_or_inf(point.bandwidth_gb_s)},
               {"on_chip_kb", point.on_chip_kb},
               {"peak_tmacs", point.peak_tmacs},
               {"clock_ghz", r.clock_ghz},
               {"batch", r.batch},
               {"images_together", r.images},
               {"milliseconds", 1e3 * r.seconds_per_image()},
               {"images_per_second", r.images_per_second()},
               {"speed_up", point.speed_up},
               {"peak_ratio", point.peak_ratio},
               {"cycles", r.cycles_per_image},
               {"compute_cycles", r.compute_cycles_per_image},
               {"scheduled_cycles", r.scheduled_cycles_per_image},
               {"macs", r.macs_per_image},
               {"utilisation", r.macs_per_s() / r.peak_macs_per_s},
               {"external_bytes", r.external_bits_per_image / 8},
               {"compulsory_bytes", r.compulsory_bits_per_image / 8},
               {"operand_bytes", r.operand_bits_per_image / 8},
               {"weight_bytes", r.weight_bits / 8},
               {"pinned_bytes", r.pinned_bits / 8},
               {"most_live_bytes", r.most_live_bits / 8},
               {"room_bytes", r.resident_room_bits / 8}};
  if (point.inner_speed_up > 0) json["first_last_speed_up"] = point.inner_speed_up;
  if (r.has_energy)
    json["energy_pj"] = {{"mac", r.energy_per_image.mac_pj},
                         {"sram", r.energy_per_image.sram_pj},
                         {"dram", r.energy_per_image.dram_pj}};
  if (r.clock_limit_ghz) json["clock_limit_ghz"] = *r.clock_limit_ghz;
  if (r.array_area) json["array_area"] = *r.array_area;
  if (r.memory_mm2) json["memory_mm2"] = *r.memory_mm2;
  json["layers"] = layers;
  return json;
}

Json whole_json(const AccelerateCommand& command, const Acceleration& result) {
  const accelerator::Accelerator& chip = result.hardware.accelerator;
  Json arrays = Json::array();
  for (const auto& [bits, array] : chip.arrays)
    arrays.push_back({{"bits", bits},
                      {"cores", array.cores},
                      {"rows", array.shape.rows},
                      {"columns", array.shape.columns},
                      {"macs_per_cycle", array.macs_per_cycle()}});
  Json densities = Json::array();
  for (const Density& one : result.densities)
    densities.push_back({{"design", one.design},
                         {"accumulator", one.accumulator},
                         {"bits", one.bits},
                         {"density", one.density}});
  Json points = Json::array();
  for (const AcceleratePoint& point : result.points) points.push_back(point_json(point));
  return {{"network", result.points.empty() ? command.network : result.points[0].result.network},
          {"accelerator", chip.name},
          {"description", chip.description},
          {"clock_ghz", result.points.empty() ? chip.clock_ghz : result.points[0].result.clock_ghz},
          {"clock_by_technology", chip.is_clock_by_technology},
          {"arrays", arrays},
          {"technology", result.hardware.technology ? Json(result.hardware.technology->library) : Json()},
          {"densities", densities},
          {"points", points}};
}

Json row_json(const SweepRow& row) {
  return {{"on_chip_kb", row.on_chip_kb},
          {"peak_tmacs", row.peak_tmacs},
          {"bandwidth_gb_s", number_or_inf(row.bandwidth_gb_s)},
          {"bits", row.bits},
          {"images_per_second", row.images_per_second},
          {"speed_up", row.speed_up},
          {"peak_ratio", row.peak_ratio},
          {"external_bytes", row.external_bytes},
          {"stays_fraction", row.stays_fraction},
          {"utilisation", row.utilisation}};
}

}  // namespace

std::string to_json(const AccelerateCommand& command, const Acceleration& result) {
  return whole_json(command, result).dump();
}

std::string to_json(const std::vector<SweepRow>& rows) {
  Json list = Json::array();
  for (const SweepRow& row : rows) list.push_back(row_json(row));
  return Json{{"rows", list}}.dump();
}

std::string to_csv(const std::vector<SweepRow>& rows) {
  std::string text;
  for (const SweepRow& row : rows) {
    const Json json = row_json(row);
    std::vector<std::string> names, cells;
    for (const auto& [name, value] : json.items()) {
      names.push_back(name);
      cells.push_back(value.is_string() ? value.get<std::string>() : value.dump());
    }
    if (text.empty()) text = join(names, ",") + "\n";
    text += join(cells, ",") + "\n";
  }
  return text;
}

void write_accelerate_report(const AccelerateCommand& command, const Acceleration& result,
                             const std::filesystem::path& output) {
  write_file(output, report::make_accelerate_page(whole_json(command, result)));
}

std::vector<double> parse_numbers(const std::string& text, const std::string& option,
                                  const NumberRange& range) {
  const std::string reach =
      fmt::format("from {:g} to {:g}{}{}", range.least, range.most,
                  range.unit.empty() ? "" : " " + range.unit, range.is_inf_allowed ? ", or inf" : "");
  const auto refuse = [&] {
    fail(ErrorKind::usage, "{}: '{}' must be numbers {}, such as 8,16, or a range such as 1:64:x2 or 4:16:+4",
         option, text, reach);
  };
  const auto number = [&](std::string_view word) {
    if (trim(word) == "inf" && range.is_inf_allowed) return std::numeric_limits<double>::infinity();
    const auto value = parse_real(trim(word));
    if (!value) refuse();
    return *value;
  };
  const auto within = [&](double x) {
    const bool is_within = x >= range.least && x <= range.most;
    if (!is_within && !(range.is_inf_allowed && std::isinf(x) && x > 0))
      fail(ErrorKind::usage, "{}: {:g} is out of range; it takes numbers {}", option, x, reach);
    return x;
  };
  std::vector<double> numbers;
  const auto add = [&](double x) {
    if (numbers.size() >= kMaxNumbers)
      fail(ErrorKind::usage, "{}: '{}' are more than {} numbers; take a larger step", option, text,
           kMaxNumbers);
    numbers.push_back(x);
  };
  for (const std::string& part : split(text, ',')) {
    const std::vector<std::string> ends = split(part, ':');
    if (ends.size() == 1) {
      add(within(number(part)));
      continue;
    }
    if (ends.size() != 3 || ends[2].size() < 2 || (ends[2][0] != 'x' && ends[2][0] != '+')) refuse();
    const double first = within(number(ends[0])), last = within(number(ends[1]));
    const double step = number(ends[2].substr(1));
    const bool multiplies = ends[2][0] == 'x';
    if (!std::isfinite(first + last + step)) refuse();
    if (first > last)
      fail(ErrorKind::usage, "{}: '{}' runs backwards, from {:g} down to {:g}; a range goes up: {}:{}:{}",
           option, part, first, last, ends[1], ends[0], ends[2]);
    if (!(step > 0) || (multiplies && step <= 1))
      fail(ErrorKind::usage,
           "{}: '{}' does not get on; a range multiplies by more than 1, as x2, or adds more than 0, as +4",
           option, part);
    for (double x = first; x <= last * (1 + 1e-9); x = multiplies ? x * step : x + step) add(x);
  }
  return numbers;
}

}  // namespace pact::api
