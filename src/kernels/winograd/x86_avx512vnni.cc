// vpdpwssd does both in one, which doubles the speed where two units share all vector arithmetic.
#include "kernels/winograd/winograd.h"
#include "kernels/x86_intrinsics.h"

namespace pact::kernels {
namespace {

constexpr int kWide = 64;

inline __m512i with_products(__m512i sums, __m512i a, __m512i b) { return _mm512_dpwssd_epi32(sums, a, b); }

}  // namespace
}  // namespace pact::kernels

#include "kernels/winograd/axes.inc"

#include "kernels/winograd/multiply_512.inc"

#include "kernels/winograd/transform_input.inc"
#include "kernels/winograd/transform_output.inc"
#include "kernels/winograd/transform_weights.inc"

#include "kernels/requantize/sources.inc"
#include "kernels/requantize/x86_avx512.inc"

#include "kernels/requantize/is_form.inc"

#include "kernels/requantize/finish_512.inc"

#include "kernels/winograd/finish_512.inc"

const pact::kernels::WinogradKernels pact::kernels::PACT_TABLE(kWinograd_x86_avx512vnni) = {
    transform_input, transform_weights, multiply, transform_output, transform_and_requantize};
