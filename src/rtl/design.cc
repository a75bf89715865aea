#include "rtl/design.h"

#include <algorithm>
#include <map>

#include "accelerator/cycles.h"
#include "base/error.h"
#include "base/files.h"
#include "base/strings.h"
#include "rtl/configurable.h"
#include "rtl/sources.h"

namespace pact::rtl {
namespace {

constexpr int kMaxExtent = 1024;

// "parameter int unsigned NAME = 8," with another number.
std::string with_defaults(std::string_view text, const std::map<std::string, uint64_t>& numbers) {
  std::string out;
  for (std::string line : split(text, '\n')) {
    for (const auto& [name, number] : numbers) {
      const std::string before = fmt::format(" unsigned {} = ", name);
      const size_t at = line.find(before);
      if (at == std::string::npos || line.find("parameter") > at) continue;
      const size_t first = at + before.size();
      line.replace(first, line.find_first_not_of("0123456789", first) - first, std::to_string(number));
    }
    out += line + "\n";
  }
  out.pop_back();
  return out;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

std::string summary(const Design& d) {
  return fmt::format(
      "{} rows, {} columns, {} bits of activations, {} bits of weights ({}), accumulators of {} bits, "
      "{} per element, {}",
      d.rows, d.columns, d.element.activation_bits, d.element.weight_bits, name_of(d.element.coding),
      d.element.accumulator_bits,
      d.element.products == 1 ? "one product" : fmt::format("{} products", d.element.products),
      d.buffering == Buffering::single ? "single-buffered" : "double-buffered");
}

}  // namespace

int exact_accumulator_bits(int activation_bits, int weight_bits, int64_t terms) {
  int bits = activation_bits + weight_bits;
  for (int64_t reach = 1; reach < terms; reach *= 2) ++bits;
  return bits;
}

int sum_bits(const Design& design) {
  return design.element.accumulator_bits - design.element.weight_bits + 1;
}

void require_valid(const Design& design) {
  std::vector<std::string> problems;
  for (const auto& [what, value] : {std::pair{"rows", design.rows}, std::pair{"columns", design.columns}})
    if (value < 1 || value > kMaxExtent)
      problems.push_back(fmt::format("the array has {} {}; it may have 1 to {}", value, what, kMaxExtent));
  try {
    require_valid(design.element);
  } catch (const Error& error) {
    problems.push_back(error.what());
  }
  if (!problems.empty()) fail("{}", join(problems, "\n"));
}

std::vector<SourceFile> source_files(const Design& design) {
  require_valid(design);
  const int word = configurable_word(design.element);
  const int word_accumulator = exact_accumulator_bits(word, word, design.terms);
  const auto number = [](int value) { return static_cast<uint64_t>(value); };
  const MultiplyAdd& element = design.element;
  const std::map<std::string, uint64_t> numbers{
      {"ROWS", number(design.rows)},
      {"COLUMNS", number(design.columns)},
      {"PRODUCTS", number(element.products)},
      {"ACTIVATION_BITS", number(element.activation_bits)},
      {"WEIGHT_BITS", number(element.weight_bits)},
      {"ACCUMULATOR_BITS", number(element.accumulator_bits)},
      {"SUM_BITS", number(sum_bits(design))},
      {"DOUBLE_BUFFERED", number(design.buffering == Buffering::double_ ? 1 : 0)},
      {"SIGNED_WEIGHTS", number(element.coding == WeightCoding::offset ? 0 : 1)},
      {"CODING_CONSTANT", constant_per_product(element)},
      {"CONFIGURABLE_MODES", number(configurable_modes(word))},
      {"CONFIGURABLE_WORD", number(word)},
      {"CONFIGURABLE_ACCUMULATOR", number(word_accumulator)}};
  std::vector<SourceFile> files;
  for (const auto& [name, text] : static_sources()) {
    std::string own = name.ends_with(".sv") ? with_defaults(text, numbers) : std::string(text);
    files.push_back({std::string(name), replaced(std::move(own), "@design@", summary(design))});
  }
  files.push_back({"multiply_add.sv", multiply_add_module(design.element)});
  files.push_back({"configurable_multiply_add.sv", configurable_module(word, word_accumulator)});
  std::ranges::sort(files, {}, &SourceFile::name);
  return files;
}

std::vector<SourceFile> write_sources(const Design& design, const std::filesystem::path& directory) {
  std::vector<SourceFile> files = source_files(design);
  make_writable_directory(directory);
  std::vector<NewFile> all;
  for (const SourceFile& file : files) all.push_back({directory / file.name, file.text});
  write_files(all);
  return files;
}

int64_t compute_cycles(const Design& design, int64_t folds, int64_t length) {
  const auto buffering = design.buffering == Buffering::single ? accelerator::Buffering::single_
                                                               : accelerator::Buffering::double_;
  return accelerator::run_cycles(
      {accelerator::Dataflow::weight_stationary, buffering, {design.rows, design.columns}}, folds, length);
}

}  // namespace pact::rtl
