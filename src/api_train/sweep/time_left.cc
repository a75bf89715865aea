#include "api_train/sweep/time_left.h"

#include <algorithm>

namespace pact::api {
namespace {

std::string kind_of(const SweepRow& row) { return row.parts.network + " " + row.parts.dataset; }

}  // namespace

void TimeLeft::add(const SweepRow& row, const RowRun& run) {
  if (!row.existing.empty()) return;
  const double epochs = static_cast<double>(run.settings.epochs);
  const bool is_done = run.state == RowState::finished;
  rows_[row.name] = {kind_of(row), epochs,
                     is_done ? epochs : std::min(epochs, static_cast<double>(run.epochs_done))};
}

void TimeLeft::at(const SweepRow& row, int64_t epochs, double part, double seconds_left) {
  rows_[row.name].done = static_cast<double>(epochs) + part;
  at_work_ = row.name;
  own_seconds_left_ = seconds_left;
}

void TimeLeft::measured(const SweepRow& row, double seconds) {
  for (Pace* pace : {&all_, &paces_[kind_of(row)]}) {
    pace->seconds += seconds;
    pace->epochs += 1;
  }
}

void TimeLeft::end(const SweepRow& row) {
  rows_[row.name].done = rows_[row.name].epochs;
  if (at_work_ == row.name) at_work_.clear();
}

double TimeLeft::fraction() const {
  double epochs = 0, done = 0;
  for (const auto& [name, work] : rows_) epochs += work.epochs, done += work.done;
  return epochs > 0 ? done / epochs : 1;
}

// Before its first epoch is over, the row at work tells the pace itself.
double TimeLeft::seconds() const {
  double seconds = at_work_.empty() ? 0 : own_seconds_left_;
  for (const auto& [name, work] : rows_) {
    const double epochs = work.epochs - work.done;
    if (name == at_work_ || epochs <= 0) continue;
    const auto pace = paces_.find(work.kind);
    if (pace != paces_.end()) {
      seconds += epochs * pace->second.seconds / pace->second.epochs;
    } else if (all_.epochs > 0) {
      seconds += epochs * all_.seconds / all_.epochs;
    } else if (!at_work_.empty() && rows_.at(at_work_).epochs > rows_.at(at_work_).done) {
      seconds += epochs * own_seconds_left_ / (rows_.at(at_work_).epochs - rows_.at(at_work_).done);
    } else {
      return -1;
    }
  }
  return seconds;
}

}  // namespace pact::api
