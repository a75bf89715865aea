// `pact inspect` and `pact zoo`.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "api/inspect.h"
#include "base/error.h"
#include "base/progress.h"
#include "cli/commands.h"

namespace pact::cli {
namespace {

std::string bits_text(int bits) { return bits == 32 ? "float" : fmt::format("{}", bits); }

void print_table(const api::Inspection& i) {
  fmt::print("{:<28} {:<8} {:<12} {:>7} {:>11} {:>10} {:>12} {:>10}\n", "layer", "op", "output", "weights",
             "activations", "parameters", "MACs", "bytes");
  for (const passes::LayerRow& row : i.table.rows)
    fmt::print("{:<28} {:<8} {:<12} {:>7} {:>11} {:>10} {:>12} {:>10}\n", row.name, row.op, row.output,
               bits_text(row.weight_bits), bits_text(row.activation_bits), row.parameters, row.macs,
               row.bytes);
  fmt::print("{}: {} parameters, {:.2f} million MACs an image, {} packed ({} as float32)\n", i.name,
             i.table.parameters, static_cast<double>(i.table.macs) / 1e6,
             format_bytes(static_cast<double>(i.table.bytes)),
             format_bytes(static_cast<double>(i.table.float_bytes)));
  for (const std::string& note : i.notes) fmt::print("{}\n", note);
}

nlohmann::ordered_json to_json(const api::Inspection& i) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (const passes::LayerRow& row : i.table.rows)
    layers.push_back({{"name", row.name},
                      {"op", row.op},
                      {"output", row.output},
                      {"weight_bits", row.weight_bits},
                      {"activation_bits", row.activation_bits},
                      {"parameters", row.parameters},
                      {"macs", row.macs},
                      {"bytes", row.bytes}});
  return {{"network", i.name},    {"status", i.status},     {"parameters", i.table.parameters},
          {"macs", i.table.macs}, {"bytes", i.table.bytes}, {"float_bytes", i.table.float_bytes},
          {"layers", layers},     {"notes", i.notes}};
}

}  // namespace

void add_inspect(CLI::App& app, Run& run) {
  struct Arguments {
    std::string what;
    LoweringArguments lowering;
    bool graph = false, json = false;
  };
  auto args = std::make_shared<Arguments>();
  CLI::App* inspect =
      app.add_subcommand("inspect", "layers, bits and sizes of a run, a graph file or a network of the zoo");
  inspect->add_option("what", args->what, "run directory, graph file, ONNX or .pact file, or network name")
      ->required();
  inspect->add_flag("--graph", args->graph, "print the graph itself, in its text form");
  add_lowering(*inspect, args->lowering);
  inspect->add_flag("--json", args->json, "print the result as one JSON object");
  inspect->callback([args, &run] {
    run = [args] {
      if (args->lowering.options() && !args->graph)
        fail(ErrorKind::usage, "--requantize shows the graph of the integer network: give --graph, too");
      const api::Inspection i = api::inspect(args->what, args->lowering.options());
      if (args->json)
        fmt::print("{}\n", to_json(i).dump());
      else if (args->graph)
        fmt::print("{}", i.text);
      else
        print_table(i);
    };
  });
}

void add_zoo(CLI::App& app, Run& run) {
  auto as_json = std::make_shared<bool>(false);
  CLI::App* zoo = app.add_subcommand("zoo", "the networks that PACT knows by name");
  zoo->add_flag("--json", *as_json, "print the result as one JSON object");
  zoo->callback([as_json, &run] {
    run = [as_json] {
      nlohmann::ordered_json networks = nlohmann::ordered_json::array();
      if (!*as_json) fmt::print("{:<12} {:>10} {:>14}  {}\n", "network", "parameters", "MACs", "");
      for (const api::ZooRow& row : api::list_zoo()) {
        if (*as_json)
          networks.push_back({{"name", row.name},
                              {"parameters", row.parameters},
                              {"macs", row.macs},
                              {"description", row.description}});
        else
          fmt::print("{:<12} {:>10} {:>14}  {}\n", row.name, row.parameters, row.macs, row.description);
      }
      if (*as_json) fmt::print("{}\n", nlohmann::ordered_json{{"networks", networks}}.dump());
    };
  });
}

}  // namespace pact::cli
