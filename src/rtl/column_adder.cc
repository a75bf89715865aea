#include "rtl/column_adder.h"

#include <algorithm>

#include "base/error.h"

namespace pact::rtl {
namespace {

// Gate delays, roughly: two exclusive ors, or two levels of and-or.
constexpr double kSumDelay = 2.0;
constexpr double kCarryDelay = 1.6;
constexpr double kHalfSumDelay = 1.0;
constexpr double kHalfCarryDelay = 0.6;

}  // namespace

ColumnAdder::ColumnAdder(int width) : columns_(static_cast<size_t>(width)) { PACT_CHECK(width > 0); }

void ColumnAdder::add(int column, std::string expression, double arrival) {
  PACT_CHECK(column >= 0);
  const auto at = static_cast<size_t>(column);
  if (at < columns_.size()) columns_[at].push_back({std::move(expression), arrival});
}

ColumnAdder::Bit ColumnAdder::take_earliest(int column) {
  std::vector<Bit>& bits = columns_[static_cast<size_t>(column)];
  const auto earliest = std::ranges::min_element(bits, {}, &Bit::arrival);
  Bit bit = std::move(*earliest);
  bits.erase(earliest);
  return bit;
}

std::string ColumnAdder::add_three(int column) {
  const Bit a = take_earliest(column), b = take_earliest(column), c = take_earliest(column);
  const int id = full_adders_++;
  add(column, fmt::format("s{}", id), std::max(std::max(a.arrival, b.arrival) + kSumDelay, c.arrival + 1));
  add(column + 1, fmt::format("c{}", id),
      std::max(std::max(a.arrival, b.arrival) + kCarryDelay, c.arrival + 0.8));
  return fmt::format(
      "  logic s{0}, c{0};\n"
      "  full_adder f{0} (.a({1}), .b({2}), .c({3}), .sum(s{0}), .carry(c{0}));\n",
      id, a.expression, b.expression, c.expression);
}

std::string ColumnAdder::add_two(int column) {
  const Bit a = take_earliest(column), b = take_earliest(column);
  const int id = half_adders_++;
  const double arrival = std::max(a.arrival, b.arrival);
  add(column, fmt::format("hs{}", id), arrival + kHalfSumDelay);
  add(column + 1, fmt::format("hc{}", id), arrival + kHalfCarryDelay);
  return fmt::format(
      "  logic hs{0}, hc{0};\n"
      "  half_adder h{0} (.a({1}), .b({2}), .sum(hs{0}), .carry(hc{0}));\n",
      id, a.expression, b.expression);
}

std::string ColumnAdder::emit(const std::string& sum) {
  std::string text;
  const int top = static_cast<int>(columns_.size()) - 1;
  for (int column = 0; column <= top; ++column) {
    std::vector<Bit>& bits = columns_[static_cast<size_t>(column)];
    if (column < top) {  // of the top column no carry is wanted
      while (bits.size() >= 3) text += add_three(column);
      if (bits.size() == 2) text += add_two(column);
    }
    std::string expression;
    std::ranges::stable_sort(bits, {}, &Bit::arrival);
    for (const Bit& bit : bits)
      expression = expression.empty() ? bit.expression : fmt::format("({} ^ {})", expression, bit.expression);
    text += fmt::format("  assign {}[{}] = {};\n", sum, column, expression.empty() ? "1'b0" : expression);
  }
  return text;
}

}  // namespace pact::rtl
