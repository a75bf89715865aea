// quantize, dequantize, rescale: the borders between real numbers, codes and accumulators. The arithmetic is
// that of quant/grid.h and quant/requantize.h:
//   quantize    code = grid.code_of(x)
//   dequantize  x = grid.value_of(code)
//   rescale     z = float32(acc) * multiplier[c] + bias[c], product and sum each rounded to float32; a real x
//               stands for float32(acc)
#include "reference/ops/codes.h"

#include "base/error.h"
#include "graph/grids.h"
#include "quant/grid.h"
#include "quant/requantize.h"
#include "reference/ops/channels.h"
#include "reference/ops/ops.h"

namespace pact::reference {

using graph::DataType;
using graph::Tensor;

std::vector<int> read_codes(const Tensor& tensor) {
  if (tensor.type == DataType::i8) {
    const auto codes = tensor.as<int8_t>();
    return {codes.begin(), codes.end()};
  }
  const auto codes = tensor.as<uint8_t>();
  return {codes.begin(), codes.end()};
}

Tensor write_codes(const graph::TensorType& type, std::span<const int> codes) {
  Tensor tensor = Tensor::zeros(type.dtype, type.shape);
  PACT_CHECK(tensor.bytes.size() == codes.size());
  // Both types keep the lowest eight bits.
  for (size_t i = 0; i < codes.size(); ++i) tensor.bytes[i] = static_cast<std::byte>(codes[i]);
  return tensor;
}

Tensor quantize(const Application& application) {
  const quant::Grid grid = grid_of(application.node);
  std::vector<int> codes;
  for (const float x : application.inputs[0]->as<float>()) codes.push_back(grid.code_of(x));
  return write_codes(application.type, codes);
}

Tensor dequantize(const Application& application) {
  quant::Grid grid = grid_of(application.node);
  const std::vector<int> codes = read_codes(*application.inputs[0]);
  std::vector<float> values;
  for (const int code : codes) {
    if (application.inputs.size() > 1) {
      const auto steps = application.inputs[1]->as<float>();
      grid.step = steps[values.size() / (codes.size() / steps.size())];
    }
    values.push_back(grid.value_of(code));
  }
  return Tensor::of(application.type.shape, values);
}


Tensor rescale(const Application& application) {
  const Tensor& x = *application.inputs[0];
  const auto multiplier = application.inputs[1]->as<float>();
  const auto bias = application.inputs[2]->as<float>();
  const Channels channels(application.type.shape);
  Tensor out = Tensor::zeros(DataType::f32, application.type.shape);
  const auto z = out.as<float>();
  for (size_t i = 0; i < z.size(); ++i) {
    const size_t c = channels.of(i);
    z[i] = x.type == DataType::i32 ? quant::scale_accumulator(x.as<int32_t>()[i], multiplier[c], bias[c])
                                   : quant::scale_real(x.as<float>()[i], multiplier[c], bias[c]);
  }
  return out;
}

}  // namespace pact::reference
