// Winograd convolutions of layers larger than those of random networks, so that tiles are transformed piece
// by piece and weights panel by panel, against products of 16 bits; and the layers that they must leave
// alone.
#include <gtest/gtest.h>

#include <memory>

#include "base/cpu.h"
#include "base/random.h"
#include "engine/algorithms.h"
#include "engine/aligned.h"
#include "engine/test_shapes.h"

namespace pact::engine {
namespace {

IntegerProblem random_problem(Random& random, const ConvShape& shape, int largest_weight) {
  IntegerProblem problem;
  problem.shape = shape;
  for (int64_t i = 0; i < shape.outputs * shape.channels * 9; ++i)
    problem.weights.push_back(
        static_cast<int16_t>(static_cast<int>(random.below(2 * largest_weight + 1)) - largest_weight));
  return problem;
}

std::vector<int32_t> accumulators_of(const IntegerAlgorithm& algorithm, const IntegerProblem& problem,
                                     const std::vector<std::byte>& codes) {
  const ConvShape& s = problem.shape;
  AlignedVector<std::byte> prepared(algorithm.prepared_bytes()), scratch(algorithm.scratch_bytes());
  std::vector<int32_t> piece_sums(static_cast<size_t>(algorithm.cut().accumulator_count(s.out_width)));
  std::vector<int32_t> sums(static_cast<size_t>(s.out_height * s.out_width * s.outputs), -7);
  for (int64_t i = 0; i < algorithm.preparations(s.out_height); ++i)
    algorithm.prepare(codes.data(), s.out_height, i, prepared.data());
  for (int64_t i = 0; i < algorithm.cut().pieces(s.out_height); ++i) {
    const Piece piece = piece_of(algorithm.cut(), i, s.out_height);
    algorithm.accumulate(piece, codes.data(), prepared.data(), scratch.data(), piece_sums.data());
    for (int64_t pixel = 0; pixel < piece.rows * s.out_width; ++pixel)
      for (int64_t o = 0; o < piece.slab->width; ++o)
        sums[static_cast<size_t>((piece.first_row * s.out_width + pixel) * s.outputs + piece.slab->first +
                                 o)] = piece_sums[static_cast<size_t>(pixel * piece.slab->stride + o)];
  }
  return sums;
}

TEST(Winograd, LargeLayersAreExact) {
  Random random(1);
  for (const ConvShape& shape :
       {padded_3x3(180, 190, 7, 9), padded_3x3(48, 40, 49, 30), padded_3x3(256, 264, 6, 2),
        padded_3x3(64, 96, 14, 14), padded_3x3(33, 48, 15, 11), padded_3x3(40, 64, 3, 1)})
    for (const int largest_weight : {127, 255}) {
      IntegerProblem problem = random_problem(random, shape, largest_weight);
      std::vector<std::byte> codes(static_cast<size_t>(shape.channels * shape.height * shape.width));
      for (std::byte& code : codes) code = static_cast<std::byte>(random.below(4) ? random.below(256) : 255);
      const std::vector<int32_t> expected = accumulators_of(*make_int16(problem), problem, codes);
      for (const Isa isa : available_isas())
        for (const int threads : {1, 3}) {
          problem.isa = isa;
          problem.threads = threads;
          ASSERT_TRUE(winograd_2x2_is_exact(problem));
          ASSERT_TRUE(winograd_4x4_is_exact(problem) || largest_weight == 255);
          if (winograd_4x4_is_exact(problem)) {
            ASSERT_EQ(accumulators_of(*make_winograd_4x4(problem), problem, codes), expected) << name_of(isa);
          }
          ASSERT_EQ(accumulators_of(*make_winograd_2x2(problem), problem, codes), expected) << name_of(isa);
        }
    }
}

// The bounds are 2^25 and 2^29; a channel whose taps and codes are at their largest adds 9 * 255 * 255.
// Transformed weights of 9 bits take 18.9 MB, for which a run would wait longer than for the direct product.
TEST(Winograd, WeightsThatComeFromMemoryAreNotFast) {
  Random random(2);
  IntegerProblem problem = random_problem(random, padded_3x3(512, 512, 7, 7), 120);
  for (int16_t& weight : problem.weights) weight = static_cast<int16_t>(2 * weight + 1);
  problem.isa = Isa::x86_avx512vnni;
  EXPECT_FALSE(winograd_4x4_is_fast(problem));
  IntegerProblem fewer = random_problem(random, padded_3x3(128, 128, 28, 28), 120);
  fewer.isa = Isa::x86_avx512vnni;
  EXPECT_TRUE(winograd_4x4_is_fast(fewer));
}

// Bytes are transformed at each run: for several images at once, as late layers of batches have them.
TEST(Winograd, WeightsThatAreTransformedAreFastForSeveralImages) {
  Random random(3);
  IntegerProblem problem = random_problem(random, padded_3x3(512, 512, 7, 7), 120);
  problem.isa = Isa::x86_avx512vnni;
  EXPECT_FALSE(winograd_4x4_is_fast(problem));
  problem.images = 8;
  EXPECT_TRUE(winograd_4x4_is_fast(problem));
}

TEST(Winograd, LayersWithLargerSumsAreRefused) {
  for (const int16_t sign : {int16_t{1}, int16_t{-1}}) {
    IntegerProblem problem;
    problem.shape = padded_3x3(58, 1, 3, 3);
    problem.weights.assign(58 * 9, static_cast<int16_t>(255 * sign));
    EXPECT_FALSE(winograd_4x4_is_exact(problem));
    EXPECT_TRUE(winograd_2x2_is_exact(problem));
    problem.largest_code = 15;
    EXPECT_TRUE(winograd_4x4_is_exact(problem));
    problem.shape = padded_3x3(918, 1, 3, 3);
    problem.weights.assign(918 * 9, static_cast<int16_t>(255 * sign));
    problem.largest_code = 255;
    EXPECT_FALSE(winograd_2x2_is_exact(problem));
  }
}

TEST(Winograd, OtherWindowsAreRefused) {
  Random random(2);
  const IntegerProblem fitting = random_problem(random, padded_3x3(4, 4, 9, 9), 7);
  ASSERT_TRUE(winograd_4x4_is_exact(fitting) && winograd_2x2_is_exact(fitting));
  const auto is_refused = [&](const auto& change) {
    IntegerProblem problem = fitting;
    change(problem);
    return !winograd_4x4_is_exact(problem) && !winograd_2x2_is_exact(problem);
  };
  EXPECT_TRUE(is_refused([](IntegerProblem& p) { p.shape.stride_y = 2; }));
  EXPECT_TRUE(is_refused([](IntegerProblem& p) { p.shape.stride_x = 2; }));
  EXPECT_TRUE(is_refused([](IntegerProblem& p) { p.shape.dilation_x = 2; }));
  EXPECT_TRUE(is_refused([](IntegerProblem& p) { p.shape.groups = 2; }));
  EXPECT_TRUE(is_refused([](IntegerProblem& p) { p.shape.kernel_height = 1; }));
  EXPECT_TRUE(is_refused([](IntegerProblem& p) { p.is_linear = true; }));
  EXPECT_TRUE(is_refused([](IntegerProblem& p) { p.zero = {0, 0, 300, 0}; }));
}

}  // namespace
}  // namespace pact::engine
