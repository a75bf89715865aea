// `pact rtl`.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "api/rtl.h"
#include "base/progress.h"
#include "cli/accepted.h"
#include "cli/commands.h"

namespace pact::cli {

void add_rtl(CLI::App& app, Run& run) {
  struct Arguments {
    api::RtlCommand command;
    std::string output, coding = "offset", buffering = "double";
    bool json = false;
  };
  auto args = std::make_shared<Arguments>();
  rtl::Design& design = args->command.design;
  CLI::App* command = app.add_subcommand("rtl", "write a systolic array as SystemVerilog, with a test bench");
  command->add_option("-o,--output", args->output, "the folder to write into")->required();
  CLI::Option* accelerator =
      command->add_option("--accelerator", args->command.accelerator,
                          "the array of a description, a file or a name in configs/accelerators");
  command->add_option("--bits", args->command.bits, "which of its widths [the widest]")->needs(accelerator);
  command->add_option("--rows", design.rows, "of the array: products that one pass adds up")
      ->excludes(accelerator);
  command->add_option("--columns", design.columns, "of the array: outputs that one pass computes")
      ->excludes(accelerator);
  command->add_option("--activation-bits", design.element.activation_bits, "1 to 16, unsigned codes")
      ->excludes(accelerator);
  command->add_option("--weight-bits", design.element.weight_bits, "1 to 16")->excludes(accelerator);
  command->add_option("--accumulator-bits", args->command.accumulator_bits,
                      "up to 64; default: as many as --terms need");
  command->add_option("--terms", design.terms, "products that one output adds up at most")
      ->check(whole_number(1));
  command->add_option("--products", design.element.products,
                      "multiplications per element, which share an accumulator");
  command
      ->add_option("--coding", args->coding,
                   "weights as unsigned codes (offset), or in two's complement (twos, booth)")
      ->check(one_of({"offset", "twos", "booth"}));
  command->add_option("--buffering", args->buffering, "of the weights")
      ->check(one_of({"single", "double"}))
      ->excludes(accelerator);
  command->add_flag("--json", args->json, "print the result as one JSON object");
  command->callback([args, &run] {
    run = [args] {
      api::RtlCommand& c = args->command;
      c.output = args->output;
      c.design.element.coding = rtl::weight_coding_of(args->coding);
      c.design.buffering = args->buffering == "single" ? rtl::Buffering::single : rtl::Buffering::double_;
      const api::RtlSummary s = api::write_rtl(c);
      if (s.has_replaced) tell(args->output + ": the design that was there is replaced");
      const rtl::MultiplyAdd& element = s.design.element;
      if (args->json)
        fmt::print("{}\n", nlohmann::ordered_json{{"output", args->output},
                                                  {"rows", s.design.rows},
                                                  {"columns", s.design.columns},
                                                  {"activation_bits", element.activation_bits},
                                                  {"weight_bits", element.weight_bits},
                                                  {"accumulator_bits", element.accumulator_bits},
                                                  {"coding", args->coding},
                                                  {"files", s.files}}
                               .dump());
      else
        fmt::print(
            "{}: {} x {} elements, {} x {} bits into {}, {} files; README.md tells what to do with them\n",
            args->output, s.design.rows, s.design.columns, element.activation_bits, element.weight_bits,
            element.accumulator_bits, s.files.size());
    };
  });
}

}  // namespace pact::cli
