// How far a sweep is, and how long the rest will take: epochs of the runs ahead, at the pace of those like
// them.
#pragma once

#include <map>
#include <string>

#include "api_train/sweep/row_run.h"

namespace pact::api {

class TimeLeft {
 public:
  // One of the rows of the sweep, as it was found.
  void add(const SweepRow& row, const RowRun& run);

  // The row at work has so many whole epochs and a part of the next; `seconds_left` is what its training
  // expects.
  void at(const SweepRow& row, int64_t epochs, double part, double seconds_left);
  // An epoch of the row took so long.
  void measured(const SweepRow& row, double seconds);
  // Nothing more comes of the row.
  void end(const SweepRow& row);

  double fraction() const;  // of all epochs
  double seconds() const;   // of the whole; below 0 while nothing is known

 private:
  struct Pace {
    double seconds = 0, epochs = 0;
  };
  struct Work {
    std::string kind;
    double epochs = 0, done = 0;
  };

  std::map<std::string, Work> rows_;   // by name
  std::map<std::string, Pace> paces_;  // by network and data
  Pace all_;
  std::string at_work_;
  double own_seconds_left_ = 0;
};

}  // namespace pact::api
