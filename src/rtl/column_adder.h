// Adds bits of any weights, structurally: the columns of a multiplier or of a dot product become full and
// half adders.
//
// Column by column, from the lowest, the three bits that arrive earliest go into a full adder, until one bit
// is left (after Oklobdzija, Villeger and Liu, 1996). So every column has as few adders as can be, the final
// carry chain is part of the same structure, and the late bits meet few of them. `a * b + c` left to yosys
// takes 26 to 70 % more area.
#pragma once

#include <string>
#include <vector>

namespace pact::rtl {

class ColumnAdder {
 public:
  // The sum is taken modulo 2^width.
  explicit ColumnAdder(int width);

  // Adds `expression`, one bit of SystemVerilog, times 2^column, valid `arrival` gate delays after the
  // inputs. Bits beyond the width are dropped.
  void add(int column, std::string expression, double arrival);

  // Declarations and instances that compute the sum into the vector `sum`. Call it once, last.
  std::string emit(const std::string& sum);

  int full_adders() const { return full_adders_; }
  int half_adders() const { return half_adders_; }

 private:
  struct Bit {
    std::string expression;
    double arrival;
  };
  Bit take_earliest(int column);
  std::string add_three(int column);
  std::string add_two(int column);

  std::vector<std::vector<Bit>> columns_;
  int full_adders_ = 0;
  int half_adders_ = 0;
};

}  // namespace pact::rtl
