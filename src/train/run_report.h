// report.json of a finished run: the table of layers, and histograms of weights and activations with their
// grids.
#pragma once

#include <filesystem>

#include "data/dataset.h"
#include "train/executor.h"

namespace pact::train {

void write_run_report(const std::filesystem::path& directory, const Executor& executor,
                      const Parameters& parameters, const data::Dataset& dataset);

}  // namespace pact::train
