#include "api/rtl.h"

#include <algorithm>
#include <filesystem>

#include "accelerator/load.h"
#include "api/configs.h"
#include "base/error.h"
#include "base/strings.h"

namespace pact::api {
namespace {

// The array of one core at `bits`, as the description has it.
void take_accelerator(const std::string& name, int bits, RtlCommand& command) {
  const accelerator::Accelerator chip =
      accelerator::load_hardware(find_config("accelerators", name)).accelerator;
  if (std::ranges::count(chip.dataflows, accelerator::Dataflow::weight_stationary) == 0)
    fail(ErrorKind::unsupported,
         "{} does not keep weights stationary, which is what pact rtl writes arrays for", chip.name);
  const auto found = bits == 0 ? std::prev(chip.arrays.end()) : chip.arrays.find(bits);
  if (found == chip.arrays.end()) {
    std::vector<std::string> known;
    for (const auto& [width, arrays] : chip.arrays) known.push_back(std::to_string(width));
    fail("{} has no array of {} bits; it has {}", chip.name, bits, join(known));
  }
  rtl::Design& design = command.design;
  design.rows = static_cast<int>(found->second.shape.rows);
  design.columns = static_cast<int>(found->second.shape.columns);
  design.element.activation_bits = design.element.weight_bits = found->first;
  design.buffering =
      chip.buffering == accelerator::Buffering::single_ ? rtl::Buffering::single : rtl::Buffering::double_;
  if (command.accumulator_bits == 0) command.accumulator_bits = chip.accumulator_bits;
}

}  // namespace

RtlSummary write_rtl(const RtlCommand& given) {
  RtlCommand command = given;
  if (!command.accelerator.empty()) take_accelerator(command.accelerator, command.bits, command);
  RtlSummary summary{command.design, {}, false};
  rtl::MultiplyAdd& element = summary.design.element;
  element.accumulator_bits =
      command.accumulator_bits > 0
          ? command.accumulator_bits
          : rtl::exact_accumulator_bits(element.activation_bits, element.weight_bits, command.design.terms);
  // An earlier design of ours may be written over, nobody else's files.
  std::error_code ignored;
  const std::filesystem::path& folder = command.output;
  if (std::filesystem::exists(folder, ignored) && !std::filesystem::is_directory(folder, ignored))
    fail("{}: is a file; -o takes the folder that the design's files go into", folder.string());
  summary.has_replaced = std::filesystem::exists(folder / "multiply_add.sv", ignored);
  if (std::filesystem::is_directory(folder, ignored) && !std::filesystem::is_empty(folder, ignored) &&
      !summary.has_replaced)
    fail("{}: exists, is not empty and holds no design; choose another -o", folder.string());
  for (const rtl::SourceFile& file : rtl::write_sources(summary.design, command.output))
    summary.files.push_back(file.name);
  return summary;
}

}  // namespace pact::api
