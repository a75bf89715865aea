// Products of unsigned bytes by any signed ones, for instruction sets with sums of 16 bits only: what is too
// heavy for them is multiplied in two parts (kernels/split_conv).
#include "engine/algorithms.h"
#include "engine/byte_layer.h"
#include "engine/split_weights.h"
#include "kernels/split_conv/split_conv.h"

namespace pact::engine {
namespace {

constexpr double kWorthwhileShare =
    0.3;  // extra turns for each turn, beyond which 16-bit operands are as fast

class SplitInt8 final : public ByteLayer {
 public:
  SplitInt8(const IntegerProblem& problem, ByteWeights weights, ExtraTurns extra)
      : ByteLayer(problem, std::move(weights),
                  wide_pieces(problem.shape, problem.shape.taps() * problem.shape.group_channels(), kBlock)),
        kernels_(kernels::split_conv_kernels(problem.isa)),
        extra_(std::move(extra)) {}

  std::string name() const override { return "split int8"; }
  size_t weight_bytes() const override { return ByteLayer::weight_bytes() + extra_.weights.size(); }

 protected:
  void multiply(const Slab& slab, const Product& product, std::byte*) const override {
    const auto segments = static_cast<int64_t>(windows_.segments.size());
    kernels_.multiply(
        {.x = product.x,
         .pixels = windows_.pixels.data(),
         .pixel_count = product.pixels,
         .segments = windows_.segments.data(),
         .segment_count = segments,
         .fours = weights_.fours(),
         .weights = weights_.bytes().data() + product.block * segments * weights_.fours() * 4 * kBlock,
         .extra_begin = extra_.begin.data() + product.block,
         .extra_offsets = extra_.offsets.data(),
         .extra_weights = extra_.weights.data(),
         .blocks = slab.stride / kBlock,
         .start = product.start,
         .accumulators = product.accumulators,
         .stride = slab.stride});
  }

 private:
  const kernels::SplitConvKernels& kernels_;
  ExtraTurns extra_;
};

}  // namespace

bool split_int8_is_exact(const IntegerProblem& problem) { return are_bytes(problem); }

bool split_int8_is_fast(const IntegerProblem& problem) {
  return kernels::byte_conv_kernels(problem.isa).uses_short_sums &&
         extra_share(byte_weights_of(problem).bytes()) <= kWorthwhileShare;
}

std::unique_ptr<IntegerAlgorithm> make_split_int8(const IntegerProblem& problem) {
  ByteWeights weights = byte_weights_of(problem);
  ExtraTurns extra = split(weights.bytes(), make_windows(problem.shape, 1).segments, weights.fours());
  return std::make_unique<SplitInt8>(problem, std::move(weights), std::move(extra));
}

}  // namespace pact::engine
