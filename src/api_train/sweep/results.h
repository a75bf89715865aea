// What became of the runs of a sweep, as data for tables and pages: report/sweep_page.h states the form.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "api_train/sweep/fields.h"

namespace pact::api {

// How well the integer network did; kept from one collection to the next, since it takes an evaluation.
struct IntegerResult {
  std::optional<double> top1;  // per cent; none for a float network, and where there is a note
  std::string note;            // why there is none
  std::string checksum;        // of the parameters that it holds for
};

struct RowResult {
  std::string
      status;  // finished, interrupted, failed, running, left (to be made) or blocked (by one that failed)
  std::string message;  // why
  std::filesystem::path directory;
  IntegerResult integer;
  Json settings = Json::object();  // as they will be, of a run that is not there yet
};

// Lowers the network of a run and evaluates it in the engine, unless `known` holds for the very parameters.
// `dataset` replaces the one that the run was trained on, unless it is empty. Never throws Error: what is
// wrong becomes the note.
IntegerResult integer_result(const std::filesystem::path& run, const std::string& dataset,
                             const IntegerResult& known,
                             const std::function<void(int64_t, int64_t)>& on_progress);

Json row_json(const SweepRow& row, const RowResult& result);
// What an earlier row_json says of the integers.
IntegerResult integer_of(const Json& row);

// All of it: the rows, and for those that differ in nothing but the seed their means and spreads.
Json results_json(const Sweep& sweep, const Json& rows);

}  // namespace pact::api
