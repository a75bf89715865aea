#include "api_train/sweep/order.h"

#include <algorithm>

#include "base/error.h"
#include "base/strings.h"

namespace pact::api {
namespace {

// Depth first, so that what a row needs is placed before it; `path` are the rows that wait for this one.
class Sorter {
 public:
  Sorter(std::vector<SweepRow>& rows, std::vector<std::string>& problems) : rows_(rows), problems_(problems) {
    for (size_t i = 0; i < rows.size(); ++i) index_[rows[i].name] = i;
    placed_.resize(rows.size(), false);
  }

  void sort() {
    for (size_t i = 0; i < rows_.size(); ++i) place(i);
    std::vector<SweepRow> sorted;
    for (const size_t i : order_) sorted.push_back(std::move(rows_[i]));
    rows_ = std::move(sorted);
  }

 private:
  void place(size_t i) {
    if (placed_[i]) return;
    if (const auto start = std::ranges::find(path_, i); start != path_.end()) {
      std::vector<std::string> circle;
      for (auto each = start; each != path_.end(); ++each) circle.push_back(rows_[*each].name);
      circle.push_back(rows_[i].name);
      problems_.push_back(fmt::format("runs refer to each other in a circle: {}", join(circle, " -> ")));
      return;
    }
    path_.push_back(i);
    for (const auto& [key, name] : rows_[i].references) place(index_.at(name));
    path_.pop_back();
    if (placed_[i]) return;  // by way of a circle
    placed_[i] = true;
    order_.push_back(i);
  }

  std::vector<SweepRow>& rows_;
  std::vector<std::string>& problems_;
  std::map<std::string, size_t> index_;
  std::vector<bool> placed_;
  std::vector<size_t> path_, order_;
};

}  // namespace

void resolve_references(std::vector<SweepRow>& rows, std::vector<std::string>& problems) {
  std::vector<std::string> names;
  for (const SweepRow& row : rows) {
    if (std::ranges::count(names, row.name) > 0)
      problems.push_back(
          fmt::format("two runs are called '{}'; let {{axis}} in their \"name\" tell them apart", row.name));
    names.push_back(row.name);
  }
  for (SweepRow& row : rows)
    for (const char* key : {"init", "teacher"}) {
      const auto setting = row.parts.settings.find(key);
      if (setting == row.parts.settings.end() || setting->second.empty()) continue;
      if (std::ranges::count(names, setting->second) > 0)
        row.references[key] = setting->second;
      else if (!std::filesystem::exists(setting->second))
        problems.push_back(fmt::format("run '{}': {} is no path that exists and {}", row.name, key,
                                       unknown_name("run", setting->second, names)));
    }
  Sorter(rows, problems).sort();
}

}  // namespace pact::api
