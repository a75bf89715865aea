// Division by the step of a grid without a division, where that changes no code.
#pragma once

#include "quant/grid.h"

namespace pact::quant {

// What kernels may use for Grid::whole_code(z / step): with z first clamped to the least and the largest
// level,
//   near = z * inverse,  quotient = fma(fma(-near, step, z), inverse, near)
// which errs by 2^-46 of the quotient before its last rounding (Markstein 1990 corrects quotients so).
inline float quotient_by_inverse(float z, float step, float inverse) {
  const float near = z * inverse;
  return __builtin_fmaf(__builtin_fmaf(-near, step, z), inverse, near);
}

// 1 / step, or 0 where a division is needed: on odd grids, on steps so large or small that the product could
// leave the range of normal numbers, and where any z would get another code. Codes can only differ close to
// the ties between two levels, so trying a few floats around each proves the rest.
float exact_inverse(const Grid& grid);

}  // namespace pact::quant
