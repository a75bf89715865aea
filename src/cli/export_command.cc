// `pact export`.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "api/export.h"
#include "base/progress.h"
#include "cli/commands.h"

namespace pact::cli {

void add_export(CLI::App& app, Run& run) {
  struct Arguments {
    api::ExportCommand command;
    std::string model, output, format = "qcdq";
    bool packed = false, bytes_in = false, json = false;
  };
  auto args = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("export", "write a trained network as ONNX");
  command
      ->add_option("model", args->model,
                   "run directory, .safetensors file in one, ONNX file, or with --random-weights a network of the zoo")
      ->required();
  command->add_option("-o,--output", args->output, "the ONNX file to write")->required();
  command->add_option("--format", args->format, "qcdq: standard ONNX, runs everywhere; qonnx: for FINN and others")
      ->check(CLI::IsMember({"qcdq", "qonnx"}));
  command->add_flag("--packed", args->packed, "qcdq: store weights of up to 4 bits as INT4/UINT4 (opset 21)");
  command->add_flag("--uint8", args->bytes_in, "take pixels as uint8 instead of float32 0..255");
  add_normalization(*command, args->command.model);
  add_random_weights(*command, args->command.model);
  command->add_flag("--json", args->json, "print the result as one JSON object");
  command->callback([args, &run] {
    run = [args] {
      api::ExportCommand& c = args->command;
      c.model.path = args->model;
      c.output = args->output;
      c.options.format = onnx_io::format_of(args->format);
      c.options.storage = args->packed ? onnx_io::Storage::packed : onnx_io::Storage::bytes;
      c.options.pixels = args->bytes_in ? onnx_io::Pixels::u8 : onnx_io::Pixels::f32;
      const api::ExportSummary s = api::export_model(c);
      warn_if_random(c.model);
      if (args->json)
        fmt::print("{}\n", nlohmann::ordered_json{{"network", s.network},
                                                  {"output", args->output},
                                                  {"format", args->format},
                                                  {"bytes", s.bytes}}
                               .dump());
      else
        fmt::print("{}: {} as {}, {}\n", args->output, s.network, args->format,
                   format_bytes(static_cast<double>(s.bytes)));
    };
  });
}

}  // namespace pact::cli
