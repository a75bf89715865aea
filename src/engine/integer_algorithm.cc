#include "engine/integer_algorithm.h"

#include <vector>

#include "base/error.h"
#include "base/strings.h"
#include "engine/algorithms.h"

namespace pact::engine {
namespace {

bool always(const IntegerProblem&) { return true; }
bool is_depthwise(const IntegerProblem& problem) { return problem.shape.is_depthwise(); }
bool is_product(const IntegerProblem& problem) { return !problem.shape.is_depthwise(); }

constexpr AlgorithmEntry kAlgorithms[] = {
    {"depthwise", is_depthwise, always, make_depthwise},
    {"winograd4x4", winograd_4x4_is_exact, winograd_4x4_is_fast, make_winograd_4x4},
    {"winograd2x2", winograd_2x2_is_exact, winograd_2x2_is_fast, make_winograd_2x2},
    {"int8", int8_is_exact, int8_is_fast, make_int8},
    {"split_int8", split_int8_is_exact, split_int8_is_fast, make_split_int8},
    {"int16", is_product, always, make_int16},
};

const AlgorithmEntry* find(std::string_view name) {
  for (const AlgorithmEntry& entry : kAlgorithms)
    if (entry.name == name) return &entry;
  std::vector<std::string> names;
  for (const AlgorithmEntry& entry : kAlgorithms) names.emplace_back(entry.name);
  fail("there is no algorithm '{}' for integer layers; choose one of {}", name, join(names));
}

}  // namespace

std::span<const AlgorithmEntry> integer_algorithms() { return kAlgorithms; }

std::unique_ptr<IntegerAlgorithm> choose_algorithm(const IntegerProblem& problem, std::string_view forced) {
  if (!forced.empty())
    if (const AlgorithmEntry* entry = find(forced); entry->is_exact(problem)) return entry->make(problem);
  for (const AlgorithmEntry& entry : kAlgorithms)
    if (entry.is_exact(problem) && entry.is_fast(problem)) return entry.make(problem);
  fail(ErrorKind::internal, "no algorithm computes this layer");
}

}  // namespace pact::engine
