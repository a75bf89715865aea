#include "api/quantizers.h"

#include <fmt/format.h>

#include "quant/activations.h"
#include "quant/weights.h"

namespace pact::api {

std::vector<QuantizerRow> list_quantizers() {
  std::vector<QuantizerRow> rows;
  for (const quant::ActivationSchemeEntry& entry : quant::activation_schemes())
    rows.push_back({std::string(entry.name), "activations", quant::kMinBits, quant::kMaxBits,
                    fmt::format("{} / {}", name_of(quant::GridKind::unsigned_), name_of(entry.signed_grid)),
                    std::string(name_of(entry.learned)), "tensor", std::string(entry.source)});
  for (const quant::WeightSchemeEntry& entry : quant::weight_schemes())
    rows.push_back({std::string(entry.name), "weights", entry.least_bits, entry.most_bits,
                    std::string(name_of(entry.grid)), std::string(name_of(entry.learned)), "tensor, channel",
                    std::string(entry.source)});
  return rows;
}

}  // namespace pact::api
