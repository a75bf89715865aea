// report.json of a finished run: the table of layers, and histograms of weights and activations with their
// grids.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "train/executor.h"

namespace pact::train {

// The clipping level, the highest level of the grid, of every activation quantizer that learns its grid, by
// the name of its node, in their order; where each channel has a grid of its own, their mean.
std::vector<std::pair<std::string, double>> clip_levels(const graph::Graph& graph,
                                                        const Parameters& parameters);

// The network and its parameters lie on the CPU.
void write_run_report(const std::filesystem::path& directory, const Executor& executor,
                      const Parameters& parameters, const data::Dataset& dataset);

}  // namespace pact::train
