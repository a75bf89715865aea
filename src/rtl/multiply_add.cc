#include "rtl/multiply_add.h"

#include "base/error.h"
#include "base/strings.h"
#include "rtl/column_adder.h"

namespace pact::rtl {
namespace {

constexpr int kMaxOperandBits = 16;
constexpr int kMaxAccumulatorBits = 64;
constexpr int kMaxProducts = 64;

constexpr double kAndDelay = 0.6;
constexpr double kBoothDelay = 3.0;

std::string activation(const MultiplyAdd& form, int p, int i) {
  return fmt::format("activation[{}]", p * form.activation_bits + i);
}
std::string weight(const MultiplyAdd& form, int p, int j) {
  return fmt::format("weight[{}]", p * form.weight_bits + j);
}

void add_products(const MultiplyAdd& form, int p, ColumnAdder& columns) {
  for (int j = 0; j < form.weight_bits; ++j) {
    const bool is_sign = form.coding == WeightCoding::twos && j == form.weight_bits - 1;
    for (int i = 0; i < form.activation_bits; ++i)
      columns.add(i + j,
                  fmt::format("{}({} & {})", is_sign ? "~" : "", activation(form, p, i), weight(form, p, j)),
                  kAndDelay);
  }
}

// Row i has the digit d = -2 w[2i+1] + w[2i] + w[2i-1]. With one = |d| is 1, two = |d| is 2 and negative =
// w[2i+1], its bits are m = (one ? a : two ? 2 a : 0) ^ negative, A + 1 of them, and
//   d a = sum m[k] 2^k + negative - negative 2^(A+1)
// The last term enters as ~negative, which makes the row too large by 2^(A+1).
std::string add_booth_rows(const MultiplyAdd& form, int p, ColumnAdder& columns) {
  std::string text;
  const int rows = (form.weight_bits + 1) / 2;
  for (int i = 0; i < rows; ++i) {
    const std::string id = fmt::format("{}_{}", p, i);
    const auto bit = [&](int j) {
      return j < 0 ? std::string("1'b0") : weight(form, p, std::min(j, form.weight_bits - 1));
    };
    text += fmt::format(
        "  logic negative{0}, one{0}, two{0};\n"
        "  assign negative{0} = {1};\n"
        "  assign one{0} = {2} ^ {3};\n"
        "  assign two{0} = ~one{0} & ({1} ^ {2});\n",
        id, bit(2 * i + 1), bit(2 * i), bit(2 * i - 1));
    for (int k = 0; k <= form.activation_bits; ++k) {
      std::string picked;
      if (k < form.activation_bits) picked = fmt::format("(one{} & {})", id, activation(form, p, k));
      if (k > 0)
        picked += fmt::format("{}(two{} & {})", picked.empty() ? "" : " | ", id, activation(form, p, k - 1));
      columns.add(2 * i + k, fmt::format("(({}) ^ negative{})", picked, id), kBoothDelay);
    }
    columns.add(2 * i, fmt::format("negative{}", id), 0);
    columns.add(2 * i + form.activation_bits + 1, fmt::format("~negative{}", id), kAndDelay);
  }
  return text;
}

// What is added to `addend`, one term a product: a single assignment simulates faster than a loop.
std::string expression(const MultiplyAdd& form) {
  const int a = form.activation_bits, w = form.weight_bits, sum = form.accumulator_bits;
  std::string text;
  for (int p = 0; p < form.products; ++p) {
    const std::string code = fmt::format("weight[{}+:{}]", p * w, w);
    text += fmt::format("\n      + {0}'(activation[{1}+:{2}]) * ", sum, p * a, a);
    text += form.coding == WeightCoding::offset
                ? fmt::format("{}'({})", sum, code)
                : fmt::format("{0}'($signed({1})) + {0}'d{2}", sum, code, constant_per_product(form));
  }
  return text;
}

std::string meaning(const MultiplyAdd& form) {
  if (form.coding == WeightCoding::offset)
    return "sum = addend + sum over p of activation[p] * weight[p]; weights are unsigned codes.";
  return fmt::format(
      "sum = addend + sum over p of (activation[p] * weight[p] + {}); weights are in two's complement.\n"
      "// The constant is to be taken off where a column of sums begins.",
      constant_per_product(form));
}

}  // namespace

std::string_view name_of(WeightCoding coding) {
  switch (coding) {
    case WeightCoding::offset:
      return "offset";
    case WeightCoding::twos:
      return "twos";
    case WeightCoding::booth:
      return "booth";
  }
  fail(ErrorKind::internal, "weight coding {} is unknown", static_cast<int>(coding));
}

WeightCoding weight_coding_of(std::string_view name) {
  for (const WeightCoding coding : {WeightCoding::offset, WeightCoding::twos, WeightCoding::booth})
    if (name_of(coding) == name) return coding;
  fail("{}", unknown_name("weight coding", name, {"offset", "twos", "booth"}));
}

uint64_t constant_per_product(const MultiplyAdd& form) {
  uint64_t constant = 0;
  const int a = form.activation_bits, w = form.weight_bits;
  if (form.coding == WeightCoding::twos) constant = (uint64_t{1} << (a + w - 1)) - (uint64_t{1} << (w - 1));
  if (form.coding == WeightCoding::booth)
    for (int row = 0; row < (w + 1) / 2; ++row) constant += uint64_t{1} << (a + 1 + 2 * row);
  return form.accumulator_bits == 64 ? constant : constant & ((uint64_t{1} << form.accumulator_bits) - 1);
}

void require_valid(const MultiplyAdd& form) {
  const auto within = [](const char* what, int value, int most) {
    if (value < 1 || value > most) fail("{} is {}; it must be 1 to {}", what, value, most);
  };
  within("the number of activation bits", form.activation_bits, kMaxOperandBits);
  within("the number of weight bits", form.weight_bits, kMaxOperandBits);
  within("the number of accumulator bits", form.accumulator_bits, kMaxAccumulatorBits);
  within("the number of products per element", form.products, kMaxProducts);
  if (form.accumulator_bits < form.activation_bits + form.weight_bits)
    fail("an accumulator of {} bits cannot hold one product of {} and {} bits; give it at least {}",
         form.accumulator_bits, form.activation_bits, form.weight_bits,
         form.activation_bits + form.weight_bits);
  if (form.coding == WeightCoding::booth && form.weight_bits < 2)
    fail("Booth's recoding takes weights of 2 or more bits");
}

std::string multiply_add_module(const MultiplyAdd& form) {
  require_valid(form);
  ColumnAdder columns(form.accumulator_bits);
  std::string recoding;
  for (int p = 0; p < form.products; ++p) {
    if (form.coding == WeightCoding::booth)
      recoding += add_booth_rows(form, p, columns);
    else
      add_products(form, p, columns);
  }
  for (int i = 0; i < form.accumulator_bits; ++i) columns.add(i, fmt::format("addend[{}]", i), 0);
  const std::string body = columns.emit("sum");

  return fmt::format(
      "// {0}\n"
      "// Generated by pact: {1} full and {2} half adders. With PACT_BEHAVIOURAL the same is computed by an "
      "expression,\n"
      "// which simulates far faster; the two are proved equal.\n"
      "module multiply_add (\n"
      "    input  logic [{3}:0] activation,\n"
      "    input  logic [{4}:0] weight,\n"
      "    input  logic [{5}:0] addend,\n"
      "    output logic [{5}:0] sum\n"
      ");\n"
      "`ifdef PACT_BEHAVIOURAL\n"
      "  assign sum = addend{6};\n"
      "`else\n"
      "{7}{8}"
      "`endif\n"
      "endmodule\n",
      meaning(form), columns.full_adders(), columns.half_adders(), form.products * form.activation_bits - 1,
      form.products * form.weight_bits - 1, form.accumulator_bits - 1, expression(form), recoding, body);
}

}  // namespace pact::rtl
