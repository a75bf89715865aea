#include "api_train/sweep/sweep_file.h"

#include <algorithm>

#include "api/configs.h"
#include "api/model.h"
#include "api_train/recipes.h"
#include "api_train/sweep/expand.h"
#include "api_train/sweep/order.h"
#include "base/error.h"
#include "base/files.h"
#include "base/repeated_key.h"
#include "base/strings.h"
#include "data/dataset.h"
#include "train/settings.h"
#include "zoo/zoo.h"

namespace pact::api {
namespace fs = std::filesystem;
namespace {

Json parse_file(const fs::path& file) {
  std::string text = read_file(file, 16 << 20);
  if (constexpr std::string_view kMark = "\xef\xbb\xbf"; text.starts_with(kMark))
    text.erase(0, kMark.size());  // a BOM
  // or a comment.
  if (const std::string_view begin = trim(text); !begin.starts_with('{') && !begin.starts_with('/'))
    fail("{}: is no sweep file, which is a JSON object (docs/sweep.md; examples in configs/sweeps)",
         file.string());
  if (const auto key = repeated_key(text)) fail("{}: an object in it has '{}' twice", file.string(), *key);
  try {
    return Json::parse(text, nullptr, true, true);
  } catch (const Json::exception& error) {
    fail("{}: is not valid JSON: {}", file.string(), error.what());
  }
}

// The run directories that `pattern` names: itself, or with * and ? in its last part those that match.
std::vector<fs::path> directories_of(const std::string& pattern) {
  const fs::path path = fs::path(pattern).lexically_normal();
  const fs::path last = path.has_filename() ? path : path.parent_path();
  if (pattern.find_first_of("*?") == std::string::npos) return {last};
  std::vector<fs::path> found;
  std::error_code ignored;
  const fs::path folder = last.has_parent_path() ? last.parent_path() : fs::path(".");
  for (const auto& entry : fs::directory_iterator(folder, ignored))
    if (fs::exists(entry.path() / "run.json") &&
        matches_glob(last.filename().string(), entry.path().filename().string()))
      found.push_back(last.has_parent_path() ? entry.path() : entry.path().filename());
  std::ranges::sort(found);
  if (found.empty()) fail("'{}' matches no run directory", pattern);
  return found;
}

SweepRow existing_row(const std::string& name, const fs::path& directory) {
  require_folder_name(name);
  if (!fs::exists(directory / "run.json"))
    fail("{}: is not a run directory: it has no run.json", directory.string());
  SweepRow row;
  row.name = name;
  row.existing = directory;
  return row;
}

// A list of directories, which keep their names, or an object from names to directories.
std::vector<SweepRow> existing_rows(const Json& existing) {
  std::vector<SweepRow> rows;
  if (!existing.is_array() && !existing.is_object())
    fail("must be a list of run directories, or an object from names to them");
  for (const auto& [key, value] : existing.items()) {
    if (!value.is_string()) fail("a run directory must be a word");
    if (existing.is_object()) {
      rows.push_back(existing_row(key, value.get<std::string>()));
      continue;
    }
    for (const fs::path& directory : directories_of(value.get<std::string>()))
      rows.push_back(existing_row(directory.filename().string(), directory));
  }
  return rows;
}

void require_network(const SweepRow& row) {
  if (row.parts.network.empty()) fail("has no \"network\"");
  if (!is_onnx(row.parts.network))
    zoo::find_entry(row.parts.network);
  else if (!fs::exists(row.parts.network))
    fail("{}: does not exist", row.parts.network);
  if (row.parts.mean.empty() != row.parts.std.empty())
    fail("\"mean\" and \"std\" go together: give both, or none");
}

void require_data(const SweepRow& row) {
  if (row.parts.dataset.empty()) fail("has no \"data\"; give it in the file or by --data");
  data::class_names(row.parts.dataset);
}

void require_settings(const SweepRow& row) {
  train::Settings settings;
  Problems problems;
  for (const std::string& recipe : row.parts.recipes)
    train::apply_recipe(settings, find_recipe(recipe), problems);
  train::set(settings, row.parts.settings, problems);
  train::find_problems(settings, problems);
  problems.refuse();
}

}  // namespace

Sweep read_sweep(const fs::path& given, const SweepChanges& changes) {
  const fs::path file = fs::exists(given) ? given : find_config("sweeps", given.string());
  const Json json = parse_file(file);
  Sweep sweep;
  sweep.name = file.stem().string();
  Problems of_places, of_runs;
  std::vector<std::string> keys = part_keys();
  keys.insert(keys.end(), {"description", "existing", "runs"});
  of_places.attempt("", [&] { require_keys(json, keys); });
  if (!json.is_object()) fail("{}: {}", file.string(), of_places.messages().front());
  RunParts shared;
  of_places.attempt("", [&] { apply_parts(shared, json); });
  sweep.description = json.contains("description") && json["description"].is_string()
                          ? json["description"].get<std::string>()
                          : "";
  if (json.contains("existing"))
    of_places.attempt("existing", [&] {
      sweep.rows = existing_rows(json["existing"]);
      for (SweepRow& row : sweep.rows)
        row.parts.dataset = changes.dataset.empty() ? shared.dataset : changes.dataset;
    });
  const Json groups = json.value("runs", Json::array());
  if (!groups.is_array()) of_places.add("\"runs\" must be a list of groups");
  for (size_t i = 0; groups.is_array() && i < groups.size(); ++i)
    of_places.attempt(fmt::format("runs[{}]", i), [&] {
      for (SweepRow& row : expand_group(groups[i], shared)) {
        if (!changes.dataset.empty()) row.parts.dataset = changes.dataset;
        for (const auto& [name, text] : changes.settings) row.parts.settings[name] = text;
        sweep.rows.push_back(std::move(row));
      }
    });
  if (sweep.rows.empty() && of_places.empty())
    of_places.add("names no run, neither in \"runs\" nor \"existing\"");
  std::vector<std::string> problems = of_places.placed();
  resolve_references(sweep.rows, problems);
  for (const SweepRow& row : sweep.rows)
    for (const auto& require : {require_network, require_data, require_settings})
      if (row.existing.empty()) of_runs.attempt(row.name, [&] { require(row); });
  std::ranges::copy(of_runs.named("run"), std::back_inserter(problems));
  if (!problems.empty()) fail("{}:\n  {}", file.string(), join(problems, "\n  "));
  return sweep;
}

}  // namespace pact::api
