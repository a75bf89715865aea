// Shapes of layers for tests of the engine.
#pragma once

#include "engine/integer_problem.h"

namespace pact::engine {

// 3x3 at stride 1, padded so that the output is as large as the input.
inline ConvShape padded_3x3(int64_t channels, int64_t outputs, int64_t height, int64_t width) {
  return {.channels = channels,
          .height = height,
          .width = width,
          .outputs = outputs,
          .out_height = height,
          .out_width = width,
          .kernel_height = 3,
          .kernel_width = 3,
          .top = 1,
          .left = 1,
          .bottom = 1,
          .right = 1};
}

}  // namespace pact::engine
