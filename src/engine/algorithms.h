// Makers of the algorithms that integer_algorithm.cc chooses from, with the predicates of each.
#pragma once

#include <memory>

#include "engine/integer_algorithm.h"

namespace pact::engine {

// Implicit matrix product of 16-bit integers: any layer. (int16.cc)
std::unique_ptr<IntegerAlgorithm> make_int16(const IntegerProblem& problem);

// Implicit matrix product of bytes: weights within int8, whose sums fit what the instruction set has.
// (int8.cc)
bool int8_is_exact(const IntegerProblem& problem);
bool int8_is_fast(const IntegerProblem& problem);
std::unique_ptr<IntegerAlgorithm> make_int8(const IntegerProblem& problem);

// The same for all weights within int8, the heaviest split in two, where the instruction set has sums of 16
// bits. (split_int8.cc)
bool split_int8_is_exact(const IntegerProblem& problem);
bool split_int8_is_fast(const IntegerProblem& problem);
std::unique_ptr<IntegerAlgorithm> make_split_int8(const IntegerProblem& problem);

// Winograd convolutions of 2x2 or 4x4 outputs a tile: 3x3 at stride 1 without groups, unless sums are too
// large. (winograd_choice.cc)
bool winograd_2x2_is_exact(const IntegerProblem& problem);
bool winograd_2x2_is_fast(const IntegerProblem& problem);
std::unique_ptr<IntegerAlgorithm> make_winograd_2x2(const IntegerProblem& problem);
bool winograd_4x4_is_exact(const IntegerProblem& problem);
bool winograd_4x4_is_fast(const IntegerProblem& problem);
std::unique_ptr<IntegerAlgorithm> make_winograd_4x4(const IntegerProblem& problem);

// Each channel by itself, in 16 bits. (int16.cc)
std::unique_ptr<IntegerAlgorithm> make_depthwise(const IntegerProblem& problem);

}  // namespace pact::engine
