#include "api/rtl.h"

namespace pact::api {

RtlSummary write_rtl(const RtlCommand& command) {
  RtlSummary summary{command.design, {}};
  rtl::MultiplyAdd& element = summary.design.element;
  element.accumulator_bits =
      command.accumulator_bits > 0
          ? command.accumulator_bits
          : rtl::exact_accumulator_bits(element.activation_bits, element.weight_bits, command.design.terms);
  for (const rtl::SourceFile& file : rtl::write_sources(summary.design, command.output))
    summary.files.push_back(file.name);
  return summary;
}

}  // namespace pact::api
