// What hardware is wanted, and the files that describe it: SystemVerilog, a test bench, a README. docs/rtl.md
// tells what is in them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "rtl/multiply_add.h"

namespace pact::rtl {

enum class Buffering {
  single,
  double_
};  // of the weights: with double_, the next fold's load while one computes

struct Design {
  int rows = 16;
  int columns = 16;
  MultiplyAdd element;
  Buffering buffering = Buffering::double_;
  int terms = 4608;  // products that one output adds up at most
};

// Bits of the exact sum of `terms` products of unsigned codes: no sum of a dot product that long overflows.
int exact_accumulator_bits(int activation_bits, int weight_bits, int64_t terms);

// Of the column that adds up activations.
int sum_bits(const Design& design);

// Throws Error on a design that cannot be built, naming all that is wrong with it.
void require_valid(const Design& design);

struct SourceFile {
  std::string name;
  std::string text;
};

// All files, the generated ones with the design's numbers; parameters default to them as well.
std::vector<SourceFile> source_files(const Design& design);

// Writes them into `directory`, each whole, and makes it if it is not there. Throws Error.
std::vector<SourceFile> write_sources(const Design& design, const std::filesystem::path& directory);

// Cycles that the controller is busy with `folds` folds of `length` rows of activations, by the closed form
// of the cost model.
int64_t compute_cycles(const Design& design, int64_t folds, int64_t length);

}  // namespace pact::rtl
