// The network whose predictions a run distills (Hinton et al. 2015).
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "train/executor.h"

namespace pact::train {

// Where the teacher lies that a run's setting names. Throws Error where the run should hold its own, and does not.
std::string path_of_teacher(const std::string& setting, const std::filesystem::path& run);

// That of a run directory or a .pact file. Throws Error, naming `path`, where it cannot run here, or does not
// take the images or tell apart the classes of `student`.
std::unique_ptr<Executor> load_teacher(const std::string& path, const graph::Graph& student,
                                       at::Device device);

}  // namespace pact::train
