#include "report/run_files.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include "base/error.h"
#include "base/files.h"
#include "base/strings.h"
#include "base/words.h"

namespace pact::report {
namespace {

constexpr size_t kMaxBytes = size_t{256} << 20;

using enum FieldKind;
using enum Presence;
constexpr Field kRunFields[] = {{"command", text}, {"network", text},       {"dataset", text},
                                {"version", text}, {"seed", finite_number}, {"threads", number},
                                {"machine", text}, {"started", text},       {"settings", settings},
                                {"status", text},  {"message", text},       {"precision", text},
                                {"updated", text}, {"processes", number}};
constexpr Field kMetricFields[] = {{"epoch", finite_number, required},
                                   {"step", number},
                                   {"lr", number},
                                   {"train_loss", number},
                                   {"train_top1", number},
                                   {"test_loss", number},
                                   {"test_top1", number},
                                   {"seconds", number},
                                   {"images_per_second", number},
                                   {"alpha", number_map}};
constexpr Field kLayerFields[] = {{"name", text, required},
                                  {"op", text},
                                  {"output", text},
                                  {"weight_bits", number},
                                  {"weight_scheme", text},
                                  {"activation_bits", number},
                                  {"activation_scheme", text},
                                  {"parameters", number},
                                  {"macs", number},
                                  {"bytes", number}};
constexpr Field kHistogramFields[] = {{"name", text, required},          {"kind", text, required},
                                      {"low", number, required},         {"high", number, required},
                                      {"counts", number_list, required}, {"levels", number_list}};
constexpr Field kTotalFields[] = {
    {"parameters", number}, {"macs", number}, {"bytes", number}, {"float_bytes", number}};

// What of `text` stands at `byte`, as far as it can be shown.
std::string place_of(std::string_view text, size_t byte) {
  constexpr size_t kBefore = 12, kShown = 24;
  const std::string_view line = text.substr(0, std::min(text.find('\n', byte), text.size()));
  const size_t begin = std::max(byte < kBefore ? 0 : byte - kBefore, text.substr(0, byte).rfind('\n') + 1);
  std::string shown(trim(line.substr(std::min(begin, line.size()), kShown)));
  std::ranges::replace_if(shown, [](char c) { return c < ' ' || c > '~'; }, '?');
  return shown;
}

// The value of `text`, or nothing when it ends too early, as the file of a killed process does.
// `first_line` is the number of its first line in `file`.
std::optional<Json> parse(std::string_view text, const std::string& file, size_t first_line) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    if (error.byte > text.size()) return std::nullopt;
    const size_t at = error.byte - (error.byte > 0 ? 1 : 0);  // it counts from 1
    const size_t line = first_line + std::count(text.begin(), text.begin() + at, '\n');
    fail("{}: line {} is not valid JSON, at '{}'", file, line, place_of(text, at));
  } catch (const Json::out_of_range&) {
    fail("{}: line {} is not valid JSON: it has a number beyond all bounds", file, first_line);
  }
}

// A file of a run: what it holds, and what the page lacks without it.
struct Part {
  std::filesystem::path path;
  std::string_view loss;
  std::optional<std::string> text = {};

  std::string name() const { return path.filename().string(); }
};

// Without text, and with a note, when it is missing.
Part read_part(const std::filesystem::path& path, std::string_view loss, std::vector<std::string>& notes) {
  Part part{path, loss};
  if (std::filesystem::exists(path))
    part.text = read_file(path, kMaxBytes);
  else
    notes.push_back(fmt::format("There is no {}, so {}.", part.name(), loss));
  return part;
}

// The whole of a JSON file; nothing, with a note, when it is cut off.
std::optional<Json> json_of(const Part& part, std::vector<std::string>& notes) {
  if (!part.text) return std::nullopt;
  std::optional<Json> json = parse(*part.text, part.path.string(), 1);
  if (!json) notes.push_back(fmt::format("{} is cut off in the middle, so {}.", part.name(), part.loss));
  return json;
}

// A run that is resumed from an older checkpoint repeats epochs: what it wrote before about these no longer
// holds.
void append_epoch(Json& metrics, Json epoch, std::set<double>& repeated) {
  while (!metrics.empty() && metrics.back()["epoch"].get<double>() >= epoch["epoch"].get<double>()) {
    repeated.insert(metrics.back()["epoch"].get<double>());
    metrics.erase(metrics.size() - 1);
  }
  metrics.push_back(std::move(epoch));
}

// A run that is finished was not killed in the middle of a line, so that what is missing has been lost since.
enum class Expected { some_epochs, all_epochs };

Json metrics_of(const Part& part, Expected expected, std::vector<std::string>& notes) {
  Json metrics = Json::array();
  if (!part.text) return metrics;
  const std::string file = part.path.string();
  std::set<double> repeated;
  size_t torn_line = 0;
  std::string_view rest = *part.text;
  for (size_t line = 1; !rest.empty(); ++line) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view text = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (trim(text).empty()) continue;
    const std::optional<Json> epoch = parse(text, file, line);
    if (epoch) {
      append_epoch(metrics,
                   take_fields(*epoch, kMetricFields, fmt::format("{}: line {}", file, line)),
                   repeated);
    } else if (trim(rest).empty()) {
      torn_line = line;
      notes.push_back(
          expected == Expected::some_epochs
              ? "The last line of metrics.jsonl is cut off, as by a killed process, and was left out."
              : fmt::format("metrics.jsonl is damaged: line {}, the last, is cut off and was left out.",
                            line));
    } else {
      fail("{}: line {} is cut off in the middle", file, line);
    }
  }
  if (metrics.empty() && expected == Expected::some_epochs && torn_line == 0)
    notes.push_back("No epoch is finished yet, so there are no curves.");
  else if (metrics.empty())
    notes.push_back(fmt::format(
        "metrics.jsonl {}, so there are no curves.",
        torn_line > 0 ? "has no other line" : "is damaged: it is empty, though the run is finished"));
  if (!repeated.empty())
    notes.push_back(fmt::format("The run was resumed: {} ran twice, and what is shown is the second time.",
                                repeated.size() == 1
                                    ? fmt::format("epoch {}", *repeated.begin())
                                    : fmt::format("epochs {} to {}", *repeated.begin(), *repeated.rbegin())));
  return metrics;
}

Json take_list(const Json& report, const char* name, std::span<const Field> fields, const std::string& file) {
  Json list = Json::array();
  const auto found = report.find(name);
  if (found == report.end()) return list;
  if (!found->is_array()) fail("{}: '{}' must be a list", file, name);
  for (size_t i = 0; i < found->size(); ++i)
    list.push_back(take_fields((*found)[i], fields, fmt::format("{}: {}[{}]", file, name, i)));
  return list;
}

Json take_report(const Json& report, const std::string& file) {
  if (!report.is_object()) fail("{}: expected a JSON object, found {}", file, report.type_name());
  Json taken = Json::object();
  taken["layers"] = take_list(report, "layers", kLayerFields, file);
  taken["histograms"] = take_list(report, "histograms", kHistogramFields, file);
  if (const auto totals = report.find("totals"); totals != report.end())
    taken["totals"] = take_fields(*totals, kTotalFields, file + ": totals");
  return taken;
}

// What can be done about a file that is damaged otherwise than by being cut off. `action` looks at what has been read:
// a file that cannot be read is not damaged.
template <typename Action>
auto with_advice(const std::string& advice, const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    fail(error.kind(), "{}\n{}", error.what(), advice);
  }
}

// The last `parts` parts of a path.
std::string tail(const std::filesystem::path& path, size_t parts) {
  std::vector<std::string> names;
  for (const auto& part : path)
    if (const std::string name = part.string(); !name.empty() && name != "/") names.push_back(name);
  return join({names.end() - static_cast<std::ptrdiff_t>(std::min(parts, names.size())), names.end()}, "/");
}

}  // namespace

RunFiles read_run(const std::filesystem::path& directory) {
  const auto file = [&](const char* name) { return directory / name; };
  if (!std::filesystem::is_directory(directory)) fail("{}: is not a directory", directory.string());
  if (!exists(file("run.json")) && !exists(file("metrics.jsonl")) && !exists(file("report.json")))
    fail("{}: is not a run directory, for it holds no run.json, metrics.jsonl or report.json",
         directory.string());

  RunFiles files;
  const Part run = read_part(file("run.json"), "command, settings and status are not known", files.notes);
  with_advice(
      "Mend that place, or move the file away: the page then goes without command, settings and status", [&] {
        if (const auto json = json_of(run, files.notes))
          files.run = take_fields(*json, kRunFields, run.path.string());
      });
  if (const auto network = files.run.find("network"); network != files.run.end())
    *network = network_name(network->get<std::string>());
  const bool is_finished = files.run.value("status", "") == "finished";
  const Part metrics = read_part(file("metrics.jsonl"), "there are no curves", files.notes);
  with_advice("Mend that line, or delete it: the page then goes without it", [&] {
    files.metrics =
        metrics_of(metrics, is_finished ? Expected::all_epochs : Expected::some_epochs, files.notes);
  });
  const std::string again = fmt::format("pact train --resume --out {}", shell_quoted(directory.string()));
  const Part report = read_part(file("report.json"), "layers and histograms are not shown", files.notes);
  with_advice(
      fmt::format("`{}`, or `pact calibrate` where that made it, writes the file again; without it, the page "
                  "goes without layers and histograms",
                  again),
      [&] {
        if (const auto json = json_of(report, files.notes))
          files.report = take_report(*json, report.path.string());
      });
  return files;
}

std::string network_name(const std::string& network) {
  const std::filesystem::path path = network;
  return path.extension() == ".onnx" ? path.stem().string() : network;
}

std::vector<std::string> run_labels(const std::vector<std::filesystem::path>& directories) {
  std::vector<std::filesystem::path> paths;
  size_t longest = 1;
  for (const auto& directory : directories) {
    paths.push_back(std::filesystem::absolute(directory).lexically_normal());
    longest = std::max(longest, static_cast<size_t>(std::distance(paths.back().begin(), paths.back().end())));
  }
  std::vector<std::string> labels;
  for (size_t parts = 1; parts <= longest; ++parts) {
    labels.clear();
    for (const auto& path : paths) labels.push_back(tail(path, parts));
    if (std::set<std::string>(labels.begin(), labels.end()).size() == labels.size()) break;
  }
  return labels;
}

}  // namespace pact::report
