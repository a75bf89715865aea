// fixed_requantize, fixed_rescale: what docs/number_format.md calls the one operation of networks of
// integers,
//   y = round_half_even((x * m[c] + b[c]) / 2^shift[c])   exact in int64
// clamped to a grid, or refused where it leaves int32.
#include <algorithm>
#include <limits>

#include "base/error.h"
#include "graph/grids.h"
#include "quant/requantize.h"
#include "reference/ops/channels.h"
#include "reference/ops/codes.h"
#include "reference/ops/ops.h"

namespace pact::reference {

using graph::DataType;
using graph::Tensor;

namespace {

std::vector<int64_t> rescaled(const Application& application) {
  const Tensor& x = *application.inputs[0];
  const graph::FixedNumbers numbers{*application.inputs[1], *application.inputs[2], *application.inputs[3]};
  std::vector<int> integers;
  if (x.type == DataType::i32) {
    const auto stream = x.as<int32_t>();
    integers.assign(stream.begin(), stream.end());
  } else {
    integers = read_codes(x);
  }
  const Channels channels(x.shape);
  std::vector<int64_t> y;
  for (size_t i = 0; i < integers.size(); ++i)
    y.push_back(quant::rescale(integers[i], numbers.at(channels.of(i))));
  return y;
}

}  // namespace

Tensor fixed_requantize(const Application& application) {
  const quant::Grid grid = code_grid_of(application.node);
  std::vector<int> codes;
  for (const int64_t y : rescaled(application))
    codes.push_back(static_cast<int>(std::clamp<int64_t>(y, grid.min_code(), grid.max_code())));
  return write_codes(application.type, codes);
}

Tensor fixed_rescale(const Application& application) {
  Tensor out = Tensor::zeros(DataType::i32, application.type.shape);
  const auto stream = out.as<int32_t>();
  size_t i = 0;
  for (const int64_t y : rescaled(application)) stream[i++] = to_int32(y);
  return out;
}

int32_t to_int32(int64_t number) {
  if (number < std::numeric_limits<int32_t>::min() || number > std::numeric_limits<int32_t>::max())
    fail("{} does not fit into int32", number);
  return static_cast<int32_t>(number);
}

}  // namespace pact::reference
