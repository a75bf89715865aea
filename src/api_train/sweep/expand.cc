#include "api_train/sweep/expand.h"

#include <algorithm>

#include "base/error.h"
#include "base/strings.h"
#include "train/setting_text.h"

namespace pact::api {
namespace {

constexpr size_t kMostRuns = 10000;

// One place on an axis.
struct Point {
  std::string axis, label;
  Json parts;  // an object as RunParts reads it
};

bool is_setting(const std::string& name) {
  const std::vector<std::string> names = setting_names();
  return std::ranges::count(names, name) > 0;
}

// "cifar10:some/folder" as "cifar10", "models/net.onnx" as "net".
std::string short_label(const std::string& axis, const std::string& text) {
  if (axis == "data") return text.substr(0, text.find(':'));
  if (axis == "network" || axis == "recipe") return std::filesystem::path(text).stem().string();
  return text;
}

Point point_of(const std::string& axis, const Json& value) {
  const std::string text = train::setting_text(value, axis);
  Point point{axis, short_label(axis, text), Json::object()};
  if (axis == "bits")
    point.parts["settings"] = {{"weights", value}, {"activations", value}};
  else if (is_setting(axis))
    point.parts["settings"] = {{axis, value}};
  else
    point.parts[axis] = value;
  return point;
}

std::vector<Point> points_of(const std::string& axis, const Json& values) {
  const bool is_known =
      is_setting(axis) || axis == "bits" || axis == "network" || axis == "data" || axis == "recipe";
  std::vector<Point> points;
  if (values.is_array()) {
    if (!is_known) {
      std::vector<std::string> known = setting_names();
      known.insert(known.end(), {"bits", "network", "data", "recipe"});
      fail("{}; an axis of your own is an object from labels to settings", unknown_name("axis", axis, known));
    }
    for (const Json& value : values) points.push_back(point_of(axis, value));
  } else if (values.is_object()) {
    if (is_known) fail("the axis '{}' must be a list of values", axis);
    for (const auto& [label, parts] : values.items()) {
      require_keys(parts, part_keys());
      points.push_back({axis, label, parts});
    }
  }
  if (points.empty())
    fail("the axis '{}' must be a list of values, or an object from labels to settings", axis);
  return points;
}

// What a run is called where the file does not say: w4a4-seed1.
std::string default_name(const std::vector<Point>& points) {
  std::vector<std::string> parts;
  for (const Point& point : points) {
    const bool speaks = !is_setting(point.axis) || !parse_real(point.label);
    parts.push_back(point.axis == "bits"          ? fmt::format("w{0}a{0}", point.label)
                    : point.axis == "weights"     ? "w" + point.label
                    : point.axis == "activations" ? "a" + point.label
                    : speaks                      ? point.label
                                                  : point.axis + point.label);
  }
  return join(parts, "-");
}

std::string filled(const std::string& text, const std::vector<Point>& points, const std::string& network) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const size_t open = std::min(text.find('{', at), text.size());
    result += text.substr(at, open - at);
    if (open == text.size()) break;
    const size_t close = text.find('}', open);
    if (close == std::string::npos) fail("'{}': the brace is not closed", text);
    const std::string name = text.substr(open + 1, close - open - 1);
    const auto point = std::ranges::find(points, name, &Point::axis);
    if (point != points.end()) {
      result += point->label;
    } else if (name == "network") {
      result += short_label("network", network);
    } else {
      std::vector<std::string> axes{"network"};
      for (const Point& each : points) axes.push_back(each.axis);
      fail("'{}': {}", text, unknown_name("axis", name, axes));
    }
    at = close + 1;
  }
  return result;
}

SweepRow make_row(const Json& group, const RunParts& shared, const std::vector<Point>& points) {
  SweepRow row;
  row.parts = shared;
  apply_parts(row.parts, group);
  for (const Point& point : points) {
    apply_parts(row.parts, point.parts);
    row.axes.emplace_back(point.axis, point.label);
  }
  if (group.contains("name") && !group["name"].is_string()) fail("'name' must be a word");
  if (!group.contains("name") && points.empty()) fail("a group without \"axes\" needs a \"name\"");
  const std::string name = group.contains("name") ? group["name"].get<std::string>() : default_name(points);
  row.name = filled(name, points, row.parts.network);
  require_folder_name(row.name);
  for (auto& [key, text] : row.parts.settings) text = filled(text, points, row.parts.network);
  return row;
}

}  // namespace

std::vector<SweepRow> expand_group(const Json& group, const RunParts& shared) {
  std::vector<std::string> keys = part_keys();
  keys.insert(keys.end(), {"name", "axes"});
  require_keys(group, keys);
  std::vector<std::vector<Point>> axes;
  size_t runs = 1;
  if (group.contains("axes")) {
    if (!group["axes"].is_object()) fail("'axes' must be an object from names to lists of values");
    for (const auto& [axis, values] : group["axes"].items()) {
      axes.push_back(points_of(axis, values));
      runs *= axes.back().size();
      if (runs > kMostRuns) fail("the axes make more than {} runs", kMostRuns);
    }
  }
  std::vector<SweepRow> rows;
  for (size_t run = 0; run < runs; ++run) {
    std::vector<Point> points(axes.size());
    size_t rest = run;
    for (size_t i = axes.size(); i-- > 0; rest /= axes[i].size()) points[i] = axes[i][rest % axes[i].size()];
    rows.push_back(make_row(group, shared, points));
  }
  return rows;
}

}  // namespace pact::api
