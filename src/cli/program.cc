// The command table, and the one place where errors become messages and exit codes.

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <new>

#include "base/child.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/version.h"
#include "base/words.h"
#include "cli/accepted.h"
#include "cli/commands.h"
#include "cli/parse_errors.h"
#include "cli/printed.h"

namespace pact::cli {

std::string command_line, command_name;

namespace {

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::bad_input:
    case ErrorKind::unsupported:
      return 1;
    case ErrorKind::usage:
      return 2;
    case ErrorKind::internal:
      return 3;
  }
  return 3;
}

int report(const std::string& message, int code) {
  tell("pact: " + message);
  return code;
}

// As without a handler of our own: shells and scripts see which signal it was.
int end_by(int signal) {
  std::fflush(nullptr);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
  return 128 + signal;
}

void add_commands(CLI::App& app, Run& run) {
  add_train(app, run);
  add_sweep(app, run);
  add_calibrate(app, run);
  add_eval(app, run);
  add_export(app, run);
  add_run(app, run);
  add_bench(app, run);
  add_accelerate(app, run);
  add_rtl(app, run);
  add_cosimulate(app, run);
  add_report(app, run);
  add_inspect(app, run);
  add_zoo(app, run);
  add_quantizers(app, run);
  add_data(app, run);
}

}  // namespace

void add_normalization(CLI::App& command, api::ModelSource& source) {
  CLI::Option* mean = command.add_option("--mean", source.mean,
                                         "of the pixels that a network from elsewhere expects, 0..1 scale: "
                                         "0.485,0.456,0.406");
  CLI::Option* deviation = command.add_option("--std", source.std, "likewise: 0.229,0.224,0.225");
  mean->check(pixel_number(PixelNumber::mean))->delimiter(',')->needs(deviation);
  deviation->check(pixel_number(PixelNumber::deviation))->delimiter(',');
  source.on_note = tell;
}

void add_random_weights(CLI::App& command, api::ModelSource& source) {
  constexpr const char* kGroup = "Random weights, for a network of the zoo (its accuracy means nothing)";
  api::RandomWeights& random = source.random;
  random.settle = settle_random();
  command.add_option("--random-weights", random.seed, "seed of the numbers")
      ->check(whole_number(0))
      ->type_name("SEED")
      ->group(kGroup);
  command.add_option("--weights", random.weights, "bits of weights, 1 to 8 or 32 for float [8]")
      ->group(kGroup);
  command.add_option("--activations", random.activations, "bits of activations, likewise [8]")->group(kGroup);
  command.add_option("--weight-quantizer", random.weight_quantizer, "one of `pact quantizers` [sawb]")
      ->group(kGroup);
  command.add_option("--shortcuts", random.shortcuts, "identity shortcuts: real or codes [real]")
      ->group(kGroup);
}

void warn_if_random(const api::ModelSource& source) {
  if (api::is_zoo_network(source.path))
    tell(fmt::format("{}: random weights (seed {}); what it classifies means nothing", source.path.string(),
                     source.random.seed.value_or(0)));
}

void add_lowering(CLI::App& command, LoweringArguments& arguments) {
  command.add_option("--requantize", arguments.requantization,
                     "between integer layers: real, in float32, or fixed, in integers alone [real]");
  command
      .add_option("--stream-bits", arguments.stream_bits,
                  "bits of the shortcuts of --requantize fixed, 16 to 32 [24]")
      ->check(whole_number(16, 32));
}

int run_program(int argc, char** argv) {
  command_line = "pact";
  for (int i = 1; i < argc; ++i) command_line += " " + shell_quoted(argv[i]);
  command_name = argc > 1 ? argv[1] : "";

  CLI::App app{"Train networks with PACT to 1 to 8 bits, export them, and run them on integers."};
  app.set_version_flag("--version", std::string("pact ") + kVersion);
  app.require_subcommand(1);
  Run run;
  try {
    add_commands(app, run);
    app.parse(argc, argv);
    run();
    require_printed();
    return 0;
  } catch (const CLI::ParseError& error) {
    return error.get_exit_code() == 0 ? app.exit(error) : report(explain(app, error), 2);
  } catch (const Interrupted& interrupted) {
    report(interrupted.what(), 0);
    return end_by(interrupted.signal());
  } catch (const Error& error) {
    return report(error.what(), exit_code(error.kind()));
  } catch (const std::filesystem::filesystem_error& error) {
    return report(fmt::format("{}: {}", error.path1().string(), error.code().message()), 1);
  } catch (const std::bad_alloc&) {
    return report("out of memory", 1);
  } catch (const std::exception& error) {
    if (std::ferror(stdout)) return report("standard output cannot be written", 1);
    return report(fmt::format("internal error: {}", error.what()), 3);
  }
}

}  // namespace pact::cli
