// The seam between an integer layer and the ways to compute its accumulators. An algorithm is chosen per
// layer and its weights are packed when the engine is made; what happens to the accumulators
// (integer_step.cc) is the same for all. Every algorithm is exact: which one runs cannot be seen in the
// results.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/integer_problem.h"
#include "engine/pieces.h"

namespace pact::engine {

// Some preparations, [begin, end).
struct Preparations {
  int64_t begin = 0, end = 0;
};

// For one image, or a group of as many as `cut` takes: first all preparations, in any order and on any thread, which
// bring its codes into the form that the product wants; then all pieces, likewise. Or, where that is worth it, each
// thread makes the preparations that its pieces need for itself. The rows of a group are counted from its first image
// on; the codes of its images follow one another.
class IntegerAlgorithm {
 public:
  virtual ~IntegerAlgorithm() = default;

  virtual std::string name() const = 0;  // for people, with what is worth knowing of its form
  virtual size_t weight_bytes() const = 0;

  // What the preparations write, shared by the pieces; and memory of each worker. Aligned to 64 bytes.
  virtual size_t prepared_bytes() const { return 0; }
  virtual size_t scratch_bytes() const { return 0; }

  // `rows` of the output are wanted: all of the images at hand, or for linear layers the batch.
  virtual int64_t preparations(int64_t rows) const = 0;
  virtual void prepare(const std::byte* codes, int64_t rows, int64_t index, std::byte* prepared) const = 0;

  // Whether each thread shall prepare for itself: pieces share little, or all of it is soon done.
  virtual bool prepares_by_piece() const { return false; }
  virtual Preparations preparations_of(const Piece&) const { return {}; }  // then those that the piece needs

  const Cut& cut() const { return cut_; }
  // accumulators[(row * out_width + column) * slab.stride + channel], both from the start of the piece; those
  // between slab.width and slab.stride may be anything.
  virtual void accumulate(const Piece& piece, const std::byte* codes, const std::byte* prepared,
                          std::byte* scratch, int32_t* accumulators) const = 0;

  // Whether `accumulate_to` does the rest, too, wherever the pointers that are not null point and whatever
  // the channels.
  virtual bool can_finish(const kernels::Requantize&) const { return false; }
  // Requantizes the accumulators as they come: row 0 and channel 0 of `outputs` are the first of the piece.
  virtual void accumulate_to(const Piece&, const std::byte* /*codes*/, const std::byte* /*prepared*/,
                             std::byte* /*scratch*/, const kernels::Requantize& /*outputs*/) const {}

 protected:
  explicit IntegerAlgorithm(Cut cut) : cut_(std::move(cut)) {}

 private:
  Cut cut_;
};

struct AlgorithmEntry {
  std::string_view name;
  bool (*is_exact)(const IntegerProblem&);  // can it compute this layer at all?
  bool (*is_fast)(const IntegerProblem&);   // and sooner than those that stand below it?
  std::unique_ptr<IntegerAlgorithm> (*make)(const IntegerProblem&);
};

// All there are, in the order in which they are tried.
std::span<const AlgorithmEntry> integer_algorithms();

// The first entry that is exact and fast; `forced`, unless empty, names one that is taken wherever it is
// exact. Throws Error when it names none.
std::unique_ptr<IntegerAlgorithm> choose_algorithm(const IntegerProblem& problem, std::string_view forced);

}  // namespace pact::engine
