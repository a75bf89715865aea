// The command table. A command parses its arguments, calls the api layer and prints; results go to standard
// output, all else to standard error.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <string>
#include <vector>

#include "api/evaluate.h"
#include "api/lowering.h"
#include "api/model.h"
#include "api/random_model.h"

namespace pact::cli {

// What the program was called with, as one line for records.
extern std::string command_line;
// Its first word after the program's name: the command, when it is one.
extern std::string command_name;

// Each adds its subcommand to `app`; the chosen one sets `run`.
using Run = std::function<void()>;
void add_train(CLI::App& app, Run& run);
void add_calibrate(CLI::App& app, Run& run);
void add_sweep(CLI::App& app, Run& run);
void add_eval(CLI::App& app, Run& run);
void add_report(CLI::App& app, Run& run);
void add_inspect(CLI::App& app, Run& run);
void add_zoo(CLI::App& app, Run& run);
void add_quantizers(CLI::App& app, Run& run);
void add_data(CLI::App& app, Run& run);
void add_export(CLI::App& app, Run& run);
void add_run(CLI::App& app, Run& run);
void add_bench(CLI::App& app, Run& run);
void add_accelerate(CLI::App& app, Run& run);
void add_rtl(CLI::App& app, Run& run);
void add_cosimulate(CLI::App& app, Run& run);

// How training evaluates a network; empty in a program without libtorch.
api::RealEvaluator real_evaluator();
// Throws Error where training has no device of this name, before there is work for it.
void require_device(const std::string& name);
// How training makes random networks behave; likewise.
api::Settle settle_random();

// --mean and --std, of commands that take ONNX models; notes on such a file go to standard error.
void add_normalization(CLI::App& command, api::ModelSource& source);
// --random-weights and its bits, of commands that take networks of the zoo.
void add_random_weights(CLI::App& command, api::ModelSource& source);
void warn_if_random(const api::ModelSource& source);

// --requantize and --stream-bits, of commands that run integer networks; none where neither is given.
struct LoweringArguments {
  std::string requantization;
  int stream_bits = 0;
  auto options() const { return api::lowering_of(requantization, stream_bits); }  // throws Error
};
void add_lowering(CLI::App& command, LoweringArguments& arguments);

// Parses, runs, and turns errors into messages and exit codes:
// 0 done, 1 bad input or unsupported, 2 usage, 3 internal error.
int run_program(int argc, char** argv);

}  // namespace pact::cli
