// SCALE-Sim's topology files: one convolution or matrix product a line, as comma-separated numbers.
//   Layer name, IFMAP height, IFMAP width, filter height, filter width, channels, filters, stride [, stride]
//   Layer, M, N, K
// Its convolutions are not padded: the output has ceil((H - k + s) / s) rows.
#pragma once

#include <string>
#include <string_view>

#include "accelerator/workload.h"

namespace pact::accelerator {

// Each layer reads what the one before wrote, as far as the sizes let it; otherwise its input comes from
// outside. Bits are 8 everywhere. Throws Error with `origin` and the line.
Workload parse_topology(std::string_view text, const std::string& origin);

}  // namespace pact::accelerator
