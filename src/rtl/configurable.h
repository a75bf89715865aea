// Generates the module `configurable_multiply_add`, whose precision is chosen while it runs: a word of W bits
// holds one code, two of half the bits, four of a quarter, down to 2 bits, and as many products are added up.
// So the work of a cycle grows as the inverse of the bits at the same width of its ports.
#pragma once

#include <string>

#include "rtl/multiply_add.h"

namespace pact::rtl {

// The least power of two, 2 to 16, that holds the codes of `form`.
int configurable_word(const MultiplyAdd& form);

// How many precisions a word has: 16 bits four, 8 three, ...
int configurable_modes(int word);

// `word` is 2, 4, 8 or 16. Mode m has words of 2^m codes.
std::string configurable_module(int word, int accumulator_bits);

}  // namespace pact::rtl
