// `pact train`: an option for every setting, a progress line, Ctrl-C as a clean end.

#include <fmt/format.h>

#include <atomic>
#include <csignal>
#include <nlohmann/json.hpp>

#include "api_train/train.h"
#include "api_train/tuning.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/words.h"
#include "cli/accepted.h"
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

train::Observer terminal_observer(ProgressLine& line) {
  train::Observer observer;
  observer.on_message = [&line](const std::string& text) {
    line.clear();
    tell(text);
  };
  observer.on_step = [&line](const train::StepReport& r) {
    line.update(static_cast<double>(r.step) / static_cast<double>(r.steps),
                fmt::format("epoch {}/{}  loss {:.3f}  top-1 {:.1f} %  {:.0f} images/s  {} left", r.epoch,
                            r.epochs, r.loss, r.top1, r.images_per_second, format_duration(r.seconds_left)));
  };
  observer.on_epoch = [&line](const train::EpochReport& r) {
    line.clear();
    tell(api::line_of(r));
  };
  return observer;
}

void print_summary(const api::TrainSummary& s, bool as_json) {
  const bool finished = s.result.outcome == train::Outcome::finished;
  if (as_json) {
    const nlohmann::ordered_json json = {{"outcome", finished ? "finished" : "interrupted"},
                                         {"top1", s.result.test_top1},
                                         {"epochs", s.result.epochs},
                                         {"bytes", s.bytes},
                                         {"float_bytes", s.float_bytes},
                                         {"directory", s.directory.string()},
                                         {"report", s.report.string()}};
    fmt::print("{}\n", json.dump());
    return;
  }
  if (!finished) {
    fmt::print("stopped {}; continue with: pact train --resume --out {}\n",
               s.result.epochs == 0 ? "in the first epoch" : "after " + counted(s.result.epochs, "epoch"),
               shell_quoted(s.directory.string()));
    return;
  }
  fmt::print("{}: test top-1 {:.2f} % after {}; {} of parameters ({} as float32)\nreport: {}\n", s.network,
             s.result.test_top1, counted(s.result.epochs, "epoch"),
             format_bytes(static_cast<double>(s.bytes)), format_bytes(static_cast<double>(s.float_bytes)),
             s.report.string());
}

}  // namespace

void add_train(CLI::App& app, Run& run) {
  struct Arguments {
    api::TrainCommand command;
    std::vector<std::string> overrides;
    bool resume = false, json = false;
    int timeout_s = 300;
    std::string out;
  };
  auto args = std::make_shared<Arguments>();
  CLI::App* train = app.add_subcommand("train", kTrainHelp);
  train->add_option("network", args->command.network,
                    "a network of the zoo (`pact zoo`), or a float ONNX file");
  train
      ->add_option("--data", args->command.dataset,
                   "a data set: cifar10:DIR, folder:DIR, shapes (built in), ...; `pact data list` has all")
      ->take_last();
  CLI::Option* mean = train->add_option(
      "--mean", args->command.mean,
      "of the pixels that an ONNX file or one of --init expects, 0..1 scale: 0.485,0.456,0.406");
  CLI::Option* deviation = train->add_option("--std", args->command.std, "likewise: 0.229,0.224,0.225");
  mean->check(pixel_number(PixelNumber::mean))->delimiter(',')->needs(deviation);
  deviation->check(pixel_number(PixelNumber::deviation))->delimiter(',');
  train->add_option("--out", args->out, "run directory [runs/<network>-<bits>]")->take_last();
  train
      ->add_option("--recipe", args->command.recipes,
                   "a recipe file or the name of one in configs/recipes; settings override it")
      ->allow_extra_args(false);
  train->add_flag("--resume", args->resume,
                  "continue the run in --out, to the same bits as without the interruption");
  train->add_flag("--json", args->json, "print the result as one JSON object");
  train
      ->add_option("--processes", args->command.processes,
                   "train in this many processes on this machine [1]; torchrun, mpirun and srun start them "
                   "on several: docs/several_processes.md")
      ->check(whole_number(1, 1024))
      ->take_last();
  train
      ->add_option("--process-timeout", args->timeout_s,
                   "seconds to wait for other processes, and without a word from one until it is given up")
      ->check(whole_number(1, 86400))
      ->take_last()
      ->capture_default_str();
  for (const train::SettingEntry& entry : train::setting_entries()) {
    std::string flag = "--" + entry.name;
    std::replace(flag.begin() + 2, flag.end(), '_', '-');
    const std::string help = fmt::format("{} [{}]", entry.help, entry.default_text);
    const auto store = [args, name = entry.name, is_list = entry.type == "Words"](const std::string& text) {
      // A list may be given in several options.
      std::string& value = args->command.settings[name];
      value = is_list && !value.empty() ? value + "," + text : text;
    };
    train->add_option_function<std::string>(flag, store, help)
        ->group("Settings")
        ->type_name(entry.type == "Integer" ? "INT"
                    : entry.type == "Real"  ? "REAL"
                                            : "TEXT")
        ->trigger_on_parse();
  }
  train->callback([args, train, &run] {
    run = [args, is_out_given = train->count("--out") > 0] {
      if (is_out_given && args->out.empty())
        fail(ErrorKind::usage, "--out is empty; it takes the run directory");
      args->command.directory = args->out;
      args->command.command_line = command_line;
      args->command.continuation = args->resume ? train::Continuation::resume : train::Continuation::fresh;
      args->command.stop = &stop_requested;
      args->command.process_timeout = std::chrono::seconds(args->timeout_s);
      args->command.membership = api::given_membership(args->command.processes);
      std::signal(SIGINT, request_stop);
      std::signal(SIGTERM, request_stop);
      const auto command_for = [&](const train::Observer& observer) {
        return args->resume ? args->command : api::tuned(args->command, observer.on_message);
      };
      if (args->command.membership && args->command.membership->rank > 0) {  // the first speaks for all
        api::train(command_for({}), {});
        return;
      }
      ProgressLine line;
      const train::Observer observer = terminal_observer(line);
      const api::TrainSummary summary = api::train(command_for(observer), observer);
      line.clear();
      print_summary(summary, args->json);
      const bool is_finished = summary.result.outcome == train::Outcome::finished;
      require_printed(fmt::format("The run itself is {}, in {}",
                                  is_finished ? "finished" : "stopped and can be resumed",
                                  shell_quoted(summary.directory.string())));
    };
  });
}

}  // namespace pact::cli
