// The results of a sweep as tables of text: for people in Markdown, for spreadsheets as CSV.
//
// The results are a JSON object, as `pact sweep` writes it to results.json: "name", "description", "version",
// "machine"; "rows", one object a run, with "name", "status", "message", "network", "data", "axes" (name to
// label), "settings" and, as far as they are known, "top1", "loss", "epochs", "seconds", "bytes",
// "float_bytes", "integer_top1", "integer_note" and "curve" (a list with "epoch", "train_top1", "test_top1",
// "alpha"); "groups", one object for the runs that differ in nothing but the seed, with "name", "network",
// "data", "axes", "settings", "rows" (names) and "top1" and "integer_top1", each an object with "mean",
// "count" and "deviation", or null.
#pragma once

#include <string>
#include <vector>

#include "report/fields.h"

namespace pact::report {

// A line of cells for each run, behind one with the heads of the columns: what differs between the runs,
// accuracy of the fake-quantized and of the integer network, status.
std::vector<std::vector<std::string>> sweep_lines(const Json& results);

// Means over seeds, then all runs.
std::string make_sweep_markdown(const Json& results);

// All runs, with every setting in which quantized ones differ, in columns (RFC 4180).
std::string make_sweep_csv(const Json& results);

}  // namespace pact::report
