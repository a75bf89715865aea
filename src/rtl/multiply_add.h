// Generates the module `multiply_add`: sum = addend + the sum over p of activation[p] * weight[p], as columns
// of adders (column_adder.h), with the same as an expression beside it for fast simulation
// (PACT_BEHAVIOURAL).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pact::rtl {

// How a weight is stored, and with it which structure multiplies. Activations are unsigned codes.
//   offset  an unsigned code; what the code 0 stands for is corrected by the sum of activations (any grid)
//   twos    two's complement (Baugh and Wooley 1973): the products of its sign bit enter inverted, so each
//   product
//           comes out too large by constant_per_product
//   booth   two's complement, recoded in radix 4 (MacSorley 1961): half as many, but dearer rows; likewise
enum class WeightCoding { offset, twos, booth };

std::string_view name_of(WeightCoding coding);
WeightCoding weight_coding_of(std::string_view name);  // throws Error on an unknown name

struct MultiplyAdd {
  int products = 1;
  int activation_bits = 8;
  int weight_bits = 8;
  int accumulator_bits = 29;
  WeightCoding coding = WeightCoding::offset;
};

// What the sum of one product is too large by, modulo 2^accumulator_bits. The partial sum that a column
// starts from takes it off, which costs nothing.
uint64_t constant_per_product(const MultiplyAdd& form);

// Throws Error on widths that it cannot have.
void require_valid(const MultiplyAdd& form);

// The file multiply_add.sv.
std::string multiply_add_module(const MultiplyAdd& form);

}  // namespace pact::rtl
