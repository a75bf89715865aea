// `pact bench`.

#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "api/bench.h"
#include "base/error.h"
#include "base/progress.h"
#include "base/strings.h"
#include "base/words.h"
#include "cli/accepted.h"
#include "cli/commands.h"

namespace pact::cli {
namespace {

double macs_per_cycle(const api::BenchSummary& s, const api::LayerTime& layer) {
  return static_cast<double>(layer.macs) / (layer.seconds * s.clock_hz * s.cores);
}

nlohmann::ordered_json to_json(const api::BenchSummary& s, int64_t batch) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (const api::LayerTime& layer : s.layers) {
    nlohmann::ordered_json row = {{"name", layer.name},
                                  {"algorithm", layer.algorithm},
                                  {"macs", layer.macs},
                                  {"microseconds", 1e6 * layer.seconds}};
    if (layer.macs > 0) row["macs_per_cycle"] = macs_per_cycle(s, layer);
    layers.push_back(std::move(row));
  }
  return {{"network", s.network},
          {"machine", s.machine},
          {"threads", s.threads},
          {"cores", s.cores},
          {"batch", batch},
          {"rounds", s.rounds},
          {"latency_ms", 1e3 * s.median_s},
          {"latency_ms_p10", 1e3 * s.low_s},
          {"latency_ms_p90", 1e3 * s.high_s},
          {"images_per_second", static_cast<double>(batch) / s.median_s},
          {"clock_ghz", 1e-9 * s.clock_hz},
          {"peak_macs_per_cycle", s.peak_macs_per_cycle},
          {"layers", layers}};
}

void print_summary(const api::BenchSummary& s, int64_t batch) {
  fmt::print("{:<34} {:<26} {:>10} {:>12} {:>10} {:>9}\n", "layer", "algorithm", "time, us", "MACs",
             "MAC/cycle", "% of peak");
  for (const api::LayerTime& layer : s.layers) {
    fmt::print("{:<34} {:<26} {:>10.1f}", layer.name, layer.algorithm, 1e6 * layer.seconds);
    if (layer.macs > 0) {
      const double rate = macs_per_cycle(s, layer);
      fmt::print(" {:>12} {:>10.1f}", layer.macs, rate);
      if (s.peak_macs_per_cycle > 0) fmt::print(" {:>9.1f}", 100.0 * rate / s.peak_macs_per_cycle);
    }
    fmt::print("\n");
  }
  fmt::print(
      "{} on {}, {}, batch {}: median {:.3f} ms (10th to 90th percentile {:.3f} to {:.3f}, {}), "
      "{:.0f} images/s; clock {:.2f} GHz",
      s.network, s.machine, counted(s.threads, "thread"), batch, 1e3 * s.median_s, 1e3 * s.low_s,
      1e3 * s.high_s, counted(s.rounds, "run"), static_cast<double>(batch) / s.median_s, 1e-9 * s.clock_hz);
  if (s.peak_macs_per_cycle > 0)
    fmt::print("; peak of a core {:.1f} MAC/cycle of bytes, measured", s.peak_macs_per_cycle);
  fmt::print("\n");
  if (s.threads > s.cores)
    fmt::print("{} on {}: MAC/cycle is what each of these does\n", counted(s.threads, "thread"),
               counted(s.cores, "core"));
}

// Runs when told to, so that another program can take turns with this one: a line COUNT on standard input is
// answered by a line with the seconds of COUNT runs. Between lines nothing runs.
void serve(const api::BenchCommand& command) {
  const auto answer = [](const nlohmann::ordered_json& json) {
    fmt::print("{}\n", json.dump());
    std::fflush(stdout);
  };
  api::BenchSession session(command);
  answer({{"network", session.summary().network},
          {"machine", session.summary().machine},
          {"threads", session.summary().threads},
          {"batch", command.batch}});
  for (std::string line; std::getline(std::cin, line);) {
    const std::optional<long long> count = parse_integer(line);
    if (!count || *count < 1 || *count > 1000000)
      fail(ErrorKind::usage, "--on-request: expected a number of runs, 1 to 1000000, not '{}'", line);
    std::vector<double> seconds;
    for (long long i = 0; i < *count; ++i) seconds.push_back(session.time_run());
    answer({{"seconds", seconds}});
  }
}

}  // namespace

void add_bench(CLI::App& app, Run& run) {
  struct Arguments {
    api::BenchCommand command;
    std::string model;
    LoweringArguments lowering;
    bool json = false, on_request = false;
  };
  auto args = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("bench", "speed of the integer network, in all and per layer");
  command
      ->add_option(
          "model", args->model,
          "run directory, .safetensors file in one, ONNX or .pact file, or a network of the zoo with random "
          "weights")
      ->required();
  command->add_option("--threads", args->command.threads, "threads; 0: one per core [0]")
      ->check(whole_number(0, 1024));
  command->add_option("--batch", args->command.batch, "images a run [1]")->check(whole_number(1, 4096));
  command->add_option("--rounds", args->command.rounds, "timed runs; 0: about two seconds of them")
      ->check(whole_number(0, 1000000));
  add_lowering(*command, args->lowering);
  add_normalization(*command, args->command.model);
  add_random_weights(*command, args->command.model);
  command->add_flag("--json", args->json, "print the result as one JSON object");
  command->add_flag("--on-request", args->on_request,
                    "read numbers of runs from standard input, answer each with a JSON line of seconds");
  command->callback([args, &run] {
    run = [args] {
      api::ModelSource& source = args->command.model;
      source.path = args->model;
      args->command.lowering = args->lowering.options().value_or(args->command.lowering);
      // Speed is all that is asked for, so any numbers will do.
      if (api::is_zoo_network(source.path) && !source.random.seed) source.random.seed = 1;
      warn_if_random(source);
      if (args->on_request) return serve(args->command);
      ProgressLine line;
      const api::BenchSummary s =
          api::bench(args->command, [&](double fraction, const std::string& what) {
            fraction > 0 ? line.update(fraction, what) : line.show(fraction, what);
          });
      line.clear();
      if (args->json)
        fmt::print("{}\n", to_json(s, args->command.batch).dump());
      else
        print_summary(s, args->command.batch);
    };
  });
}

}  // namespace pact::cli
