// Division by the step of a grid without a division, where that changes no code.
#pragma once

#include "quant/grid.h"

namespace pact::quant {

// 1 / step in two parts: near is the float next to it, rest what that lacks.
struct Inverse {
  float near = 0.0f, rest = 0.0f;  // 0: there is none

  explicit operator bool() const { return near != 0.0f; }
};

// What kernels may use for Grid::whole_code(z / step), with z first clamped to the least and the largest
// level. It errs by 2^-46 of the quotient before its last rounding.
inline float quotient_by_inverse(float z, Inverse inverse) {
  return __builtin_fmaf(z, inverse.near, z * inverse.rest);
}

// None where a division is needed: on odd grids, on steps so large or small that the product could
// leave the range of normal numbers, and where any z would get another code. Codes can only differ close to
// the ties between two levels, so trying a few floats around each proves the rest.
Inverse exact_inverse(const Grid& grid);

}  // namespace pact::quant
