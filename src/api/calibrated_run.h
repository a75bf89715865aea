// The run directory of a calibrated network: what a training run leaves behind, as far as there is any of it,
// so that every command takes the one like the other.
#pragma once

#include "api/calibrate.h"

namespace pact::api {

// graph.txt, last.safetensors, report.json, run.json and report.html, in command.output: all or none,
// but for the page, which `pact report` makes again; what is to be said of it is returned. Throws Error.
std::vector<std::string> write_calibrated_run(const CalibrateCommand& command,
                                              const CalibrateSummary& summary, const graph::Network& network);

}  // namespace pact::api
