// report.html: one self-contained page about one or several runs. It loads nothing from anywhere, so it can
// be mailed, archived with the run and opened years later. docs/report.md says what it shows and what it
// reads.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pact::report {

// The page about the given run directories, in that order; several runs are overlaid and compared with the
// first. A file that is missing or torn at its end costs a sentence on the page, not the page. Throws Error
// when a directory holds no run, or a file is malformed (the message names file and line).
std::string make_report(const std::vector<std::filesystem::path>& run_directories);

// Writes make_report(run_directories) to `output`, atomically. Throws Error.
void write_report(const std::vector<std::filesystem::path>& run_directories,
                  const std::filesystem::path& output);

}  // namespace pact::report
