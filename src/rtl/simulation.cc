#include "rtl/simulation.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "rtl/verilated_core.h"

namespace pact::rtl {
namespace {

size_t at(int64_t index) { return static_cast<size_t>(index); }

int64_t parts(int64_t whole, int64_t part) { return (whole + part - 1) / part; }

// Values that enter or leave the array later, by the number of their row or column: slot x + delay, in a
// ring.
template <typename Word>
class DelayLines {
 public:
  DelayLines(int64_t lanes, int64_t longest) : lanes_(lanes) {
    while (slots_ < longest + 1) slots_ *= 2;
    words_.resize(at(slots_ * lanes));
  }
  Word& operator()(int64_t time, int64_t lane) { return words_[at((time & (slots_ - 1)) * lanes_ + lane)]; }
  const Word* slot(int64_t time) const { return &words_[at((time & (slots_ - 1)) * lanes_)]; }

 private:
  int64_t lanes_;
  int64_t slots_ = 1;
  std::vector<Word> words_;
};

// Both operands with zeros behind them, so that every fold is whole.
struct Padded {
  int64_t terms, outputs;
  std::vector<uint8_t> activations, weights;
  std::vector<uint32_t> start;
};

Padded pad(const Product& p, int64_t depth, int64_t columns) {
  Padded out{parts(p.terms, depth) * depth, parts(p.outputs, columns) * columns, {}, {}, {}};
  out.activations.resize(at(p.rows * out.terms));
  for (int64_t t = 0; t < p.rows; ++t)
    std::copy_n(&p.activations[at(t * p.terms)], p.terms, &out.activations[at(t * out.terms)]);
  out.weights.resize(at(out.terms * out.outputs));
  for (int64_t k = 0; k < p.terms; ++k)
    std::copy_n(&p.weights[at(k * p.outputs)], p.outputs, &out.weights[at(k * out.outputs)]);
  out.start.resize(at(out.outputs));
  for (size_t n = 0; n < p.start.size(); ++n) out.start[n] = static_cast<uint32_t>(p.start[n]);
  return out;
}

}  // namespace

struct Simulation::State {
  Design design;
  VerilatedCore core;
  int64_t array_cycles = 0;
  int64_t requantize_cycles = 0;

  uint8_t* reset = core.port<uint8_t>("reset");
  uint8_t* start = core.port<uint8_t>("start");
  uint32_t* folds = core.port<uint32_t>("folds");
  uint32_t* length = core.port<uint32_t>("length");
  const uint8_t* busy = core.port<uint8_t>("busy");
  const uint8_t* load = core.port<uint8_t>("load");
  const uint8_t* stream = core.port<uint8_t>("stream");
  const uint32_t* position = core.port<uint32_t>("position");
  const uint8_t* result = core.port<uint8_t>("result");
  uint8_t* activation = core.port<uint8_t>("activation");
  uint8_t* weight = core.port<uint8_t>("weight");
  uint32_t* partial_in = core.port<uint32_t>("partial_in");
  uint32_t* sum_in = core.port<uint32_t>("sum_in");
  const uint32_t* partial_out = core.port<uint32_t>("partial_out");
  const uint32_t* sum_out = core.port<uint32_t>("sum_out");
  uint8_t* enable = core.port<uint8_t>("requantize_enable");

  State(const Design& d, Arithmetic arithmetic, const std::function<void(double)>& on_waiting)
      : design(d), core(d, arithmetic, on_waiting) {
    *reset = 1;
    core.tick();
    *reset = 0;
  }
};

namespace {

void require_simulable(const Design& design) {
  require_valid(design);
  if (design.element.activation_bits > 8 || design.element.weight_bits > 8 ||
      design.element.accumulator_bits > 32)
    fail(ErrorKind::unsupported,
         "arrays are simulated with codes of up to 8 bits and accumulators of up to 32, not {}, {} and {}",
         design.element.activation_bits, design.element.weight_bits, design.element.accumulator_bits);
}

void require_whole(const Product& p) {
  PACT_CHECK(p.rows > 0 && p.terms > 0 && p.outputs > 0);
  PACT_CHECK(p.activations.size() == at(p.rows * p.terms) && p.weights.size() == at(p.terms * p.outputs));
  PACT_CHECK(p.start.empty() || p.start.size() == at(p.outputs));
}

}  // namespace

Simulation::Simulation(const Design& design, Arithmetic arithmetic,
                       const std::function<void(double)>& on_waiting) {
  require_simulable(design);
  state_ = std::make_unique<State>(design, arithmetic, on_waiting);
}

Simulation::~Simulation() = default;

const Design& Simulation::design() const { return state_->design; }
int64_t Simulation::array_cycles() const { return state_->array_cycles; }
int64_t Simulation::requantize_cycles() const { return state_->requantize_cycles; }

void Simulation::idle(int64_t cycles) {
  for (int64_t i = 0; i < cycles; ++i) state_->core.tick();
}

// Fold i is fold i % depth_folds of the terms, for the columns i / depth_folds. What the controller says in a
// cycle concerns row 0 and column 0; the delay lines are the memories whose addresses reach row r and column
// c later.
Sums Simulation::multiply(const Product& product) {
  require_whole(product);
  State& s = *state_;
  const int64_t rows = s.design.rows, columns = s.design.columns, per_row = s.design.element.products;
  const int64_t depth = rows * per_row;
  const Padded padded = pad(product, depth, columns);
  const int64_t depth_folds = padded.terms / depth, folds = depth_folds * (padded.outputs / columns);

  std::vector<uint32_t> raw(at(product.rows * padded.outputs));
  Sums out{{}, std::vector<uint32_t>(at(product.rows)), folds, 0};
  DelayLines<uint8_t> activations(depth, rows);
  DelayLines<uint32_t> partials(columns, columns);
  struct Tag {
    uint32_t* place = nullptr;  // of column 0
  };
  DelayLines<Tag> tags(1, columns);

  *s.folds = static_cast<uint32_t>(folds);
  *s.length = static_cast<uint32_t>(product.rows);
  *s.start = 1;
  s.core.tick();
  *s.start = 0;

  int64_t loaded_rows = 0, streamed = 0, finished = 0;
  for (int64_t time = 0;; ++time) {
    Tag& tag = tags(time, 0);
    tag.place = nullptr;
    if (*s.result) {
      const int64_t fold = finished / product.rows, t = finished % product.rows;
      ++finished;
      tag.place = &raw[at(t * padded.outputs + fold / depth_folds * columns)];
      out.sum[at(t)] = *s.sum_out;
    }
    for (int64_t c = 0; c < columns; ++c)
      if (uint32_t* place = tags(time - c, 0).place; place && time >= c) place[c] = s.partial_out[c];
    if (!*s.busy) break;

    if (*s.load) {
      const int64_t fold = loaded_rows / rows, row = rows - 1 - loaded_rows % rows;
      ++loaded_rows;
      for (int64_t p = 0; p < per_row; ++p) {
        const int64_t k = fold % depth_folds * depth + row * per_row + p;
        const uint8_t* from = &padded.weights[at(k * padded.outputs + fold / depth_folds * columns)];
        for (int64_t c = 0; c < columns; ++c) s.weight[c * per_row + p] = from[c];
      }
    }
    if (*s.stream) {
      const int64_t fold = streamed / product.rows, t = *s.position;
      ++streamed;
      const int64_t k = fold % depth_folds * depth, n = fold / depth_folds * columns;
      const uint8_t* from = &padded.activations[at(t * padded.terms + k)];
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t p = 0; p < per_row; ++p) activations(time + r, r * per_row + p) = from[r * per_row + p];
      const bool is_first = fold % depth_folds == 0;
      const uint32_t* above = is_first ? &padded.start[at(n)] : &raw[at(t * padded.outputs + n)];
      for (int64_t c = 0; c < columns; ++c) partials(time + c, c) = above[c];
      *s.sum_in = is_first ? static_cast<uint32_t>(product.sum_start) : out.sum[at(t)];
    }
    std::memcpy(s.activation, activations.slot(time), at(depth));
    std::memcpy(s.partial_in, partials.slot(time), at(columns) * sizeof(uint32_t));
    s.core.tick();
    ++out.cycles;
  }
  PACT_CHECK(finished == folds * product.rows);
  s.array_cycles += out.cycles;

  out.raw.resize(at(product.rows * product.outputs));
  for (int64_t t = 0; t < product.rows; ++t)
    std::copy_n(&raw[at(t * padded.outputs)], product.outputs, &out.raw[at(t * product.outputs)]);
  return out;
}

std::vector<int32_t> Simulation::requantize(const Requantization& work) {
  State& s = *state_;
  const int64_t columns = s.design.columns, channels = work.channels;
  const int64_t rows = static_cast<int64_t>(work.x.size()) / channels;
  PACT_CHECK(work.x.size() == at(rows * channels) && work.multiplier.size() == at(channels));
  uint32_t* x = s.core.port<uint32_t>("x");
  int32_t* addend = s.core.port<int32_t>("addend");
  const int32_t* result = s.core.port<int32_t>("requantized");
  uint32_t* x_sum = s.core.port<uint32_t>("x_sum");
  *s.core.port<uint8_t>("from_array") = !work.sum.empty();
  *s.core.port<uint8_t>("doubled") = static_cast<uint8_t>(work.doubled);
  *s.core.port<uint16_t>("offset") = static_cast<uint16_t>(work.offset);
  *s.core.port<int32_t>("low") = work.low;
  *s.core.port<int32_t>("high") = work.high;
  std::fill_n(addend, columns, 0);
  *s.enable = 1;
  std::vector<int32_t> out(work.x.size());
  for (int64_t first = 0; first < channels; first += columns) {
    const int64_t count = std::min(columns, channels - first);
    std::memcpy(s.core.port<void>("multiplier"), &work.multiplier[at(first)], at(count) * sizeof(int16_t));
    std::memcpy(s.core.port<void>("bias"), &work.bias[at(first)], at(count) * sizeof(int64_t));
    std::memcpy(s.core.port<void>("shift"), &work.shift[at(first)], at(count));
    for (int64_t row = 0; row < rows; ++row) {
      std::copy_n(&work.x[at(row * channels + first)], count, x);
      if (!work.sum.empty()) *x_sum = work.sum[at(row)];
      if (!work.addend.empty()) std::copy_n(&work.addend[at(row * channels + first)], count, addend);
      s.core.tick();
      std::copy_n(result, count, &out[at(row * channels + first)]);
      ++s.requantize_cycles;
    }
  }
  *s.enable = 0;
  return out;
}

}  // namespace pact::rtl
