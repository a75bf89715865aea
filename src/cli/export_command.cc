// `pact export`.

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "api/export.h"
#include "base/error.h"
#include "base/progress.h"
#include "cli/accepted.h"
#include "cli/commands.h"

namespace pact::cli {

namespace {

CLI::Validator onnx_format() {
  return {[names = one_of({"qcdq", "qonnx"})](const std::string& text) {
            const std::string problem = names(text);
            return problem.empty()
                       ? problem
                       : problem +
                             ". It is for ONNX files; the engine's form is written where the name "
                             "of --output ends in .pact";
          },
          "{qcdq,qonnx}"};
}

}  // namespace

void add_export(CLI::App& app, Run& run) {
  struct Arguments {
    api::ExportCommand command;
    std::string model, output, format;
    bool packed = false, int2 = false, bytes_in = false, json = false;
  };
  auto args = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "export", "write a network for other programs: ONNX, or *.pact for the engine alone");
  command
      ->add_option("model", args->model,
                   "run directory, .safetensors file in one, ONNX or .pact file, or with --random-weights a "
                   "network of "
                   "the zoo")
      ->required();
  command
      ->add_option("-o,--output", args->output,
                   "the file to write: *.onnx, or *.pact, the integer network packed at its bits")
      ->required();
  command
      ->add_option("--format", args->format,
                   "qcdq: standard ONNX, runs everywhere; qonnx: for FINN and others [qcdq]")
      ->check(onnx_format());
  command->add_flag("--packed", args->packed, "qcdq: store weights of up to 4 bits as INT4/UINT4 (opset 21)");
  command->add_flag("--int2", args->int2,
                    "with --packed: those of up to 2 bits as INT2/UINT2 (opset 25, which few runtimes read)")
      ->needs("--packed");
  command->add_flag("--uint8", args->bytes_in, "take pixels as uint8 instead of float32 0..255");
  add_normalization(*command, args->command.model);
  add_random_weights(*command, args->command.model);
  command->add_flag("--json", args->json, "print the result as one JSON object");
  command->callback([args, &run] {
    run = [args] {
      api::ExportCommand& c = args->command;
      c.model.path = args->model;
      c.output = args->output;
      if (model_file::is_model_file(c.output)) {
        if (!args->format.empty() || args->packed || args->bytes_in)
          throw Error(ErrorKind::usage, args->output + ": --format, --packed and --uint8 are for ONNX files");
      } else {
        if (c.output.extension() != ".onnx" && !std::filesystem::is_character_file(c.output))
          throw Error(ErrorKind::usage,
                      args->output + ": what is to be written? End the name in .onnx or .pact");
        if (!args->format.empty()) c.options.format = onnx_io::format_of(args->format);
      }
      c.options.storage = args->int2     ? onnx_io::Storage::packed_to_2_bits
                          : args->packed ? onnx_io::Storage::packed
                                         : onnx_io::Storage::bytes;
      c.options.pixels = args->bytes_in ? onnx_io::Pixels::u8 : onnx_io::Pixels::f32;
      const api::ExportSummary s = api::export_model(c);
      warn_if_random(c.model);
      if (args->json)
        fmt::print("{}\n", nlohmann::ordered_json{{"network", s.network},
                                                  {"output", args->output},
                                                  {"format", s.form},
                                                  {"bytes", s.bytes}}
                               .dump());
      else
        fmt::print("{}: {} as {}, {}\n", args->output, s.network, s.form,
                   format_bytes(static_cast<double>(s.bytes)));
    };
  });
}

}  // namespace pact::cli
