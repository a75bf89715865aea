#include "report/sweep_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/strings.h"

namespace pact::report {
namespace {

std::string text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "";
  if (!value.is_array()) return value.dump();
  std::vector<std::string> parts;
  for (const Json& element : value) parts.push_back(text_of(element));
  return join(parts, ",");
}

std::string percent(const Json& row, const char* field) {
  return row.contains(field) && row[field].is_number() ? fmt::format("{:.2f}", row[field].get<double>()) : "";
}

std::string spread(const Json& group, const char* field) {
  if (!group.contains(field) || !group[field].is_object()) return "–";
  const Json& figures = group[field];
  const std::string mean = fmt::format("{:.2f}", figures["mean"].get<double>());
  return figures.contains("deviation") ? fmt::format("{} ± {:.2f}", mean, figures["deviation"].get<double>())
                                       : mean;
}

std::string bits_of(const Json& row) {
  const auto text = [&](const char* name) {
    const std::string bits = row["settings"].contains(name) ? text_of(row["settings"][name]) : "";
    return bits == "32" ? std::string("float") : bits;
  };
  const std::string weights = text("weights"), activations = text("activations");
  return weights == activations ? weights : weights + " / " + activations;
}

bool is_float(const Json& row) { return bits_of(row) == "float"; }

// What a column shows of a row.
struct Column {
  std::string name;
  std::string kind;  // "axes", "settings", or empty: a field of the row
};

std::string cell(const Json& row, const Column& column) {
  const Json& holder = column.kind.empty() ? row : row[column.kind];
  return holder.contains(column.name) ? text_of(holder[column.name]) : "";
}

// The columns in which rows differ: network and data, axes that are no settings, settings of quantized rows.
// Bits have a place of their own; what a run starts from shows in its name; and that float runs have a recipe
// of their own would fill the table with its settings.
std::vector<Column> differing(const Json& rows) {
  std::vector<Column> candidates = {{"network", ""}, {"data", ""}};
  const auto offer = [&](const Column& column) {
    const bool is_known =
        std::ranges::any_of(candidates, [&](const Column& each) { return each.name == column.name; });
    if (!is_known) candidates.push_back(column);
  };
  std::set<std::string> settings = {"weights",    "activations", "bits",           "init",
                                    "teacher",    "threads",     "loader_threads", "checkpoint_steps",
                                    "eval_every", "epochs"};
  const std::set<std::string> left_out = settings;
  for (const Json& row : rows)
    for (const auto& [name, value] : row["settings"].items()) settings.insert(name);
  for (const Json& row : rows) {
    for (const auto& [name, label] : row["axes"].items())
      if (!settings.contains(name)) offer({name, "axes"});
    for (const auto& [name, value] : row["settings"].items())
      if (!left_out.contains(name)) offer({name, "settings"});
  }
  std::vector<Column> columns;
  for (const Column& column : candidates) {
    std::set<std::string> values;
    for (const Json& row : rows)
      if (column.kind != "settings" || (!is_float(row) && row["settings"].contains(column.name)))
        values.insert(cell(row, column));
    if (values.size() > 1) columns.push_back(column);
  }
  return columns;
}

std::string escaped(std::string text) {
  for (size_t at = 0; (at = text.find_first_of("|\n", at)) != std::string::npos; at += 2)
    text.replace(at, 1, text[at] == '|' ? "\\|" : "  ");
  return text;
}

std::string markdown_table(const std::vector<std::vector<std::string>>& lines) {
  std::string table;
  for (size_t i = 0; i < lines.size(); ++i) {
    for (const std::string& text : lines[i]) table += "| " + escaped(text) + " ";
    table += "|\n";
    if (i > 0) continue;
    for (size_t column = 0; column < lines[0].size(); ++column) table += "|---";
    table += "|\n";
  }
  return table;
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string status_of(const Json& row) {
  const std::string status = row["status"], message = row.value("message", "");
  return message.empty() ? status : fmt::format("{}: {}", status, message);
}

}  // namespace

std::vector<std::vector<std::string>> sweep_lines(const Json& results) {
  const Json& rows = results["rows"];
  const std::vector<Column> columns = differing(rows);
  std::vector<std::vector<std::string>> lines{{"run", "bits w / a"}};
  for (const Column& column : columns) lines[0].push_back(column.name);
  for (const char* head : {"top-1 %", "integer top-1 %", "epochs", "status"}) lines[0].emplace_back(head);
  for (const Json& row : rows) {
    std::vector<std::string> line{row["name"], bits_of(row)};
    for (const Column& column : columns) line.push_back(cell(row, column));
    line.push_back(percent(row, "top1"));
    line.push_back(percent(row, "integer_top1"));
    line.push_back(cell(row, {"epochs", ""}));
    line.push_back(status_of(row));
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string make_sweep_markdown(const Json& results) {
  std::string text = fmt::format("# {}\n\n", results["name"].get<std::string>());
  if (const std::string description = results.value("description", ""); !description.empty())
    text += description + "\n\n";
  text +=
      "Top-1 in per cent on test data after the last epoch: of the fake-quantized network as training "
      "evaluates it, and "
      "of the integer network in the engine.\n\n";
  const Json& groups = results["groups"];
  if (!groups.empty()) {
    const std::vector<Column> columns = differing(groups);
    std::vector<std::vector<std::string>> lines{{"runs", "bits w / a"}};
    for (const Column& column : columns)
      if (column.name != "seed") lines[0].push_back(column.name);
    for (const char* head : {"seeds", "top-1", "integer top-1"}) lines[0].emplace_back(head);
    for (const Json& group : groups) {
      std::vector<std::string> line{group["name"], bits_of(group)};
      for (const Column& column : columns)
        if (column.name != "seed") line.push_back(cell(group, column));
      line.push_back(std::to_string(group["rows"].size()));
      line.push_back(spread(group, "top1"));
      line.push_back(spread(group, "integer_top1"));
      lines.push_back(std::move(line));
    }
    text += "## Means over seeds\n\nWith the sample standard deviation where there are several.\n\n" +
            markdown_table(lines) + "\n";
  }
  text += "## All runs\n\n" + markdown_table(sweep_lines(results)) + "\n";
  std::string notes;
  for (const Json& row : results["rows"])
    if (row.contains("integer_note"))
      notes += fmt::format("- {}: no integer network: {}\n", row["name"].get<std::string>(),
                           escaped(row["integer_note"].get<std::string>()));
  if (!notes.empty()) text += notes + "\n";
  return text + fmt::format("pact {} on {}\n", results.value("version", "?"), results.value("machine", "?"));
}

std::string make_sweep_csv(const Json& results) {
  const Json& rows = results["rows"];
  std::vector<Column> columns = {{"name", ""}, {"status", ""}};
  for (const Column& column : differing(rows)) columns.push_back(column);
  const bool has_network =
      std::ranges::any_of(columns, [](const Column& each) { return each.name == "network"; });
  if (!has_network) columns.push_back({"network", ""});
  for (const char* name : {"weights", "activations"}) columns.push_back({name, "settings"});
  for (const char* name : {"top1", "integer_top1", "loss", "epochs", "seconds", "bytes", "message"})
    columns.push_back({name, ""});
  std::string text;
  for (size_t i = 0; i < columns.size(); ++i) text += (i > 0 ? "," : "") + csv_cell(columns[i].name);
  text += "\n";
  for (const Json& row : rows) {
    for (size_t i = 0; i < columns.size(); ++i) text += (i > 0 ? "," : "") + csv_cell(cell(row, columns[i]));
    text += "\n";
  }
  return text;
}

}  // namespace pact::report
