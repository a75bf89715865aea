// `pact sweep`: one progress line over all runs, Ctrl-C as a clean end.

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <csignal>

#include "api_train/sweep/sweep.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/strings.h"
#include "cli/printed.h"
#include "cli/training.h"

namespace pact::cli {
namespace {

std::atomic<bool> stop_requested{false};

// The first Ctrl-C asks for a clean end, the second is the ordinary one.
void request_stop(int signal) {
  stop_requested = true;
  std::signal(signal, SIG_DFL);
}

api::SweepObserver terminal_observer(ProgressLine& line) {
  api::SweepObserver observer;
  observer.on_message = [&line](const std::string& text) {
    line.clear();
    tell(text);
  };
  observer.on_progress = [&line](const api::SweepProgress& p) {
    const std::string failed = p.failed > 0 ? fmt::format(", {} failed", p.failed) : "";
    const std::string left =
        p.seconds_left >= 0 ? fmt::format("  {} left", format_duration(p.seconds_left)) : "";
    line.update(p.fraction, fmt::format("{}: {}  |  {} done{}, {} left{}", p.run, p.at_work, p.done, failed,
                                        p.left, left));
  };
  return observer;
}

void print_table(const std::vector<std::vector<std::string>>& lines) {
  std::vector<size_t> widths(lines.front().size(), 0);
  for (const auto& line : lines)
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  for (const auto& line : lines) {
    std::string text;
    for (size_t i = 0; i < line.size(); ++i) text += fmt::format("{:<{}}  ", line[i], widths[i]);
    fmt::print("{}\n", std::string(trim(text)));
  }
}

}  // namespace

void add_sweep(CLI::App& app, Run& run) {
  struct Arguments {
    api::SweepCommand command;
    std::string file, out;
    std::vector<std::string> settings;
    bool dry_run = false, json = false;
  };
  auto args = std::make_shared<Arguments>();
  CLI::App* sweep = app.add_subcommand("sweep", kSweepHelp);
  sweep->add_option("file", args->file, "the table, a JSON file (docs/sweep.md; examples in configs/sweeps)")
      ->required();
  sweep
      ->add_option("--out", args->out, "folder of the runs and their results; what is finished there is kept")
      ->required();
  sweep->add_option("--data", args->command.changes.dataset,
                    "a data set (`pact data list`), in place of what the file says");
  sweep
      ->add_option("--set", args->settings,
                   "SETTING=VALUE for all runs, over what the file says; may be repeated")
      ->allow_extra_args(false);
  sweep->add_flag("--dry-run", args->dry_run, "show the table of runs and what is done; train nothing");
  sweep->add_flag("--json", args->json, "print the result as one JSON object");
  sweep->callback([args, &run] {
    run = [args] {
      api::SweepCommand& command = args->command;
      command.file = args->file;
      command.output = args->out;
      command.stop = &stop_requested;
      for (const std::string& text : args->settings) {
        const size_t equals = text.find('=');
        if (equals == std::string::npos)
          fail(ErrorKind::usage, "--set {}: expected SETTING=VALUE, for example --set threads=1", text);
        command.changes.settings[text.substr(0, equals)] = text.substr(equals + 1);
      }
      if (args->dry_run) {
        const api::SweepSummary plan = api::plan_sweep(command);
        if (args->json)
          fmt::print("{}\n", plan.results.dump());
        else
          print_table(plan.lines);
        return;
      }
      std::signal(SIGINT, request_stop);
      std::signal(SIGTERM, request_stop);
      ProgressLine line;
      const api::SweepSummary summary = api::sweep(command, terminal_observer(line));
      line.clear();
      if (args->json) {
        fmt::print("{}\n", summary.results.dump());
      } else {
        print_table(summary.lines);
        fmt::print("page: {}\n", summary.page.string());
      }
      require_printed(
          fmt::format("The tables are in {} all the same", summary.markdown.parent_path().string()));
      if (summary.outcome == train::Outcome::interrupted)
        tell("stopped; the same command goes on");
      if (summary.failed > 0)
        fail(
            "{} of {} runs failed or wait for one that did; the table says why, and the same command tries "
            "them again",
            summary.failed, summary.results["rows"].size());
    };
  });
}

}  // namespace pact::cli
