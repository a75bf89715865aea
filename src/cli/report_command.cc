#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "api/report.h"
#include "cli/commands.h"

namespace pact::cli {

void add_report(CLI::App& app, Run& run) {
  struct Arguments {
    std::vector<std::string> runs;
    std::string output;
    bool json = false;
  };
  auto args = std::make_shared<Arguments>();
  CLI::App* report = app.add_subcommand("report", "one HTML page about one or several runs, for offline reading");
  report->add_option("runs", args->runs, "run directories; several are compared")->required();
  report->add_option("-o,--output", args->output, "file to write [report.html in the first run]");
  report->add_flag("--json", args->json, "print the result as one JSON object");
  report->callback([args, &run] {
    run = [args] {
      const std::string output = args->output.empty() ? args->runs[0] + "/report.html" : args->output;
      api::write_report({args->runs.begin(), args->runs.end()}, output);
      if (args->json)
        fmt::print("{}\n", nlohmann::ordered_json{{"report", output}}.dump());
      else
        fmt::print("report: {}\n", output);
    };
  });
}

}  // namespace pact::cli
