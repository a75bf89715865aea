// The step of an integer layer and what is fused with it. For each image, or group of them: its algorithm prepares
// the codes; then piece by piece the accumulators of some rows and channels are computed and, while they are in the
// cache, turned into what is asked for.
//
// With several groups per thread, or as many for each, every thread computes groups of its own; otherwise the
// threads share the pieces of one group after the other.
#include "engine/integer_step.h"

#include <cmath>
#include <cstring>

#include "base/error.h"
#include "graph/grids.h"
#include "graph/rules.h"

namespace pact::engine {
namespace {

using graph::Node;
using graph::ValueId;

constexpr int64_t kPeriod = 64;  // what a run of channels is repeated up to, for long vector loops

size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

}  // namespace

IntegerStep::IntegerStep(const StepContext& context, const Fusion& fusion)
    : kernels_(context.kernels), fusion_(fusion) {
  const graph::Graph& graph = context.network.graph;
  const Node& node = graph.node(fusion.layer);
  const IntegerProblem problem = make_integer_problem(context, node);
  shape_ = problem.shape;
  algorithm_ = choose_algorithm(problem, context.algorithm);
  is_linear_ = problem.is_linear;
  input_ = node.inputs[0];
  accumulator_bytes_ =
      aligned(static_cast<size_t>(algorithm_->cut().accumulator_count(shape_.out_width)) * sizeof(int32_t));
  own_bytes_ = aligned(algorithm_->scratch_bytes());
  prepared_bytes_ = aligned(algorithm_->prepared_bytes());
  if (fusion.quantize != graph::kNoNode) requantize_ = codes_on_grid(graph.node(fusion.quantize));
  if (fusion.dequantize != graph::kNoNode)
    requantize_.shortcut_step = graph::grid_of(graph.node(fusion.dequantize)).step;
  if (fusion.relu != graph::kNoNode) requantize_.activation = kernels::Activation::relu;
  if (fusion.rescale == graph::kNoNode) return;
  const Node& rescale = graph.node(fusion.rescale);
  const auto multiplier = context.tensor_of(rescale, rescale.inputs[1]).as<float>();
  const auto bias = context.tensor_of(rescale, rescale.inputs[2]).as<float>();
  do {
    multiplier_.insert(multiplier_.end(), multiplier.begin(), multiplier.end());
    bias_.insert(bias_.end(), bias.begin(), bias.end());
  } while (static_cast<int64_t>(multiplier_.size()) < kPeriod);
  simplify();
}

// What can be left out without a change of any bit.
void IntegerStep::simplify() {
  const bool has_unsigned_codes =
      requantize_.code_kind == kernels::CodeKind::whole && requantize_.least_code == 0;
  if (has_unsigned_codes && fusion_.real == kNoValue) requantize_.activation = kernels::Activation::none;
  const bool is_real_shortcut = fusion_.shortcut != kNoValue && fusion_.dequantize == graph::kNoNode;
  const auto largest_of = [](const std::vector<float>& numbers) {
    float largest = 0;
    for (const float number : numbers) largest = std::max(largest, std::fabs(number));
    return largest;
  };
  const float bound = 0x1p31f * largest_of(multiplier_) + largest_of(bias_) + 256 * requantize_.shortcut_step;
  requantize_.is_bounded = !is_real_shortcut && bound < 0x1p29f * requantize_.step;
  kernels::Requantize asked = requantize_;
  float real = 0;  // can_finish asks whether there are any, not which
  const uint8_t code = 0;
  if (is_real_shortcut) asked.shortcut = &real;
  if (fusion_.dequantize != graph::kNoNode) asked.shortcut_codes = &code;
  if (fusion_.real != kNoValue) asked.real = &real;
  is_finished_by_algorithm_ = algorithm_->can_finish(asked);
}

std::string IntegerStep::algorithm() const {
  std::string name = algorithm_->name();
  if (fusion_.dequantize != graph::kNoNode) name += " + dequantize";
  if (fusion_.add != graph::kNoNode) name += " + add";
  if (fusion_.relu != graph::kNoNode) name += " + relu";
  if (fusion_.quantize != graph::kNoNode) name += " + quantize";
  return name;
}

// Of some pixels and the channels of a slab; all but the accumulators.
kernels::Requantize IntegerStep::outputs_of(const Workspace& workspace, const Slab& slab, int64_t pixels,
                                            int64_t first_pixel, std::byte* into) const {
  const int64_t first = first_pixel * shape_.outputs + slab.first;
  kernels::Requantize r = requantize_;
  r.rows = pixels;
  r.width = slab.width;
  r.stride = shape_.outputs;
  r.multiplier = multiplier_.data() + slab.first;
  r.bias = bias_.data() + slab.first;
  if (fusion_.dequantize != graph::kNoNode)
    r.shortcut_codes = workspace.at<uint8_t>(fusion_.shortcut) + first;
  else if (fusion_.shortcut != kNoValue)
    r.shortcut = workspace.at<float>(fusion_.shortcut) + first;
  if (fusion_.real != kNoValue) r.real = workspace.at<float>(fusion_.real) + first;
  if (fusion_.codes != kNoValue) r.codes = workspace.at<uint8_t>(fusion_.codes) + first;
  if (into && r.real) r.real = reinterpret_cast<float*>(into) + slab.first;
  if (into && !r.real) r.codes = reinterpret_cast<uint8_t*>(into) + slab.first;
  return r;
}

void IntegerStep::finish(const Workspace& workspace, const Slab& slab, int64_t pixels, int64_t first_pixel,
                         const int32_t* accumulators, std::byte* into) const {
  const int64_t outputs = shape_.outputs;
  const int64_t first = first_pixel * outputs + slab.first;
  if (fusion_.accumulators != kNoValue) {
    int32_t* out = workspace.at<int32_t>(fusion_.accumulators) + first;
    for (int64_t p = 0; p < pixels; ++p)
      std::memcpy(out + p * outputs, accumulators + p * slab.stride,
                  static_cast<size_t>(slab.width) * sizeof(int32_t));
    return;
  }
  kernels::Requantize r = outputs_of(workspace, slab, pixels, first_pixel, into);
  r.accumulators = accumulators;
  r.accumulator_stride = slab.stride;
  const auto period = static_cast<int64_t>(multiplier_.size());
  if (slab.stride != outputs || slab.width != outputs || period == outputs) {
    kernels_.requantize(r);
    return;
  }
  // Accumulators and outputs are contiguous: rows of several pixels, and a shorter last one.
  const int64_t total = pixels * outputs;
  r.rows = total / period;
  r.width = r.stride = r.accumulator_stride = period;
  kernels_.requantize(r);
  const int64_t done = r.rows * period;
  r.rows = 1;
  r.width = total - done;
  r.accumulators += done;
  if (r.shortcut) r.shortcut += done;
  if (r.shortcut_codes) r.shortcut_codes += done;
  if (r.real) r.real += done;
  if (r.codes) r.codes += done;
  if (r.width > 0) kernels_.requantize(r);
}

void IntegerStep::compute(const Workspace& workspace, int64_t group, int64_t index, const std::byte* prepared,
                          int worker, std::byte* into) const {
  const Piece piece = piece_of(algorithm_->cut(), index, rows_of(workspace, group));
  const int64_t pixels = piece.rows * shape_.out_width;
  const int64_t first_row = group * algorithm_->cut().images * shape_.out_height + piece.first_row;
  const int64_t first_pixel = first_row * shape_.out_width;
  if (is_finished_by_algorithm_)
    return algorithm_->accumulate_to(piece, codes_of(workspace, group), prepared, own_of(workspace, worker),
                                     outputs_of(workspace, *piece.slab, pixels, first_pixel, into));
  int32_t* accumulators = accumulators_of(workspace, worker);
  algorithm_->accumulate(piece, codes_of(workspace, group), prepared, own_of(workspace, worker),
                         accumulators);
  finish(workspace, *piece.slab, pixels, first_pixel, accumulators, into);
}

void IntegerStep::prepare_and_compute(const Workspace& workspace, int64_t group, int64_t index,
                                      int64_t ticket, int worker, std::byte* into) const {
  const Preparations needed =
      algorithm_->preparations_of(piece_of(algorithm_->cut(), index, rows_of(workspace, group)));
  std::byte* prepared = prepared_of(workspace, worker);
  Prepared& state = state_of(workspace, worker);
  Preparations& done = state.done;
  if (state.ticket != ticket || needed.begin < done.begin || needed.begin > done.end)
    state = {ticket, {needed.begin, needed.begin}};
  for (; done.end < needed.end; ++done.end)
    algorithm_->prepare(codes_of(workspace, group), rows_of(workspace, group), done.end, prepared);
  compute(workspace, group, index, prepared, worker, into);
}

void IntegerStep::run_by_pieces(const Workspace& workspace) const {
  const int64_t tickets = workspace.take_tickets(groups(workspace));
  for_pieces(
      *workspace.pool, groups(workspace), pieces(workspace), [&](int64_t group, int64_t piece, int worker) {
        prepare_and_compute(workspace, group, piece, tickets + group * workspace.ticket_stride, worker);
      });
}

void IntegerStep::run(const Workspace& workspace) const {
  if (algorithm_->prepares_by_piece()) return run_by_pieces(workspace);
  ThreadPool& pool = *workspace.pool;
  const auto preparations = [&](int64_t group) {
    return algorithm_->preparations(rows_of(workspace, group));
  };
  const int64_t pieces = this->pieces(workspace), groups = this->groups(workspace);
  if (!is_linear_ && are_dealt_out(groups, pool.threads())) {
    pool.parallel_for(groups, [&](int64_t group, int worker) {
      std::byte* prepared = prepared_of(workspace, worker);
      for (int64_t i = 0, count = preparations(group); i < count; ++i)
        algorithm_->prepare(codes_of(workspace, group), rows_of(workspace, group), i, prepared);
      for (int64_t piece = 0; piece < pieces; ++piece) compute(workspace, group, piece, prepared, worker);
    });
    return;
  }
  std::byte* prepared = prepared_of(workspace, 0);
  for (int64_t group = 0; group < groups; ++group) {
    pool.parallel_for(preparations(group), [&](int64_t i, int) {
      algorithm_->prepare(codes_of(workspace, group), rows_of(workspace, group), i, prepared);
    });
    pool.parallel_for(pieces,
                      [&](int64_t piece, int worker) { compute(workspace, group, piece, prepared, worker); });
  }
}

void IntegerStep::read_shortcut_from(ValueId value) {
  PACT_CHECK(fusion_.shortcut != kNoValue && value != kNoValue);  // simplify() has looked
  fusion_.shortcut = value;
}

void IntegerStep::write_real_to(ValueId value) {
  PACT_CHECK(fusion_.real != kNoValue && value != kNoValue);
  fusion_.real = value;
}

bool IntegerStep::needs_nothing_prepared() const {
  return !is_linear_ && !algorithm_->prepares_by_piece() && algorithm_->preparations(shape_.out_height) == 0;
}

bool IntegerStep::goes_along_with(const IntegerStep& other) const {
  return needs_nothing_prepared() && other.needs_nothing_prepared() &&
         shape_.out_height == other.shape_.out_height && algorithm_->cut() == other.algorithm_->cut();
}

bool IntegerStep::yields_rows() const {
  const Cut& cut = algorithm_->cut();
  return !is_linear_ && cut.images == 1 && cut.slabs.size() == 1 &&
         (algorithm_->prepares_by_piece() || needs_nothing_prepared());
}

void IntegerStep::run_rows(const Workspace& workspace, int64_t image, int64_t index, int64_t ticket,
                           int worker, std::byte* into) const {
  if (algorithm_->prepares_by_piece())
    prepare_and_compute(workspace, image, index, ticket, worker, into);
  else
    compute(workspace, image, index, prepared_of(workspace, worker), worker, into);
}

Step step_of(const StepContext& context, const Fusion& fusion, const IntegerStep& integer) {
  const graph::Graph& graph = context.network.graph;
  const Node& node = graph.node(fusion.layer);
  Step step;
  step.name = node.name;
  step.algorithm = integer.algorithm();
  step.macs = macs_per_image(graph, node);
  step.scratch_bytes = integer.scratch_bytes();
  step.weight_bytes = integer.weight_bytes();
  step.reads = {node.inputs[0]};
  if (fusion.shortcut != kNoValue) step.reads.push_back(fusion.shortcut);
  for (const ValueId value : {fusion.accumulators, fusion.real, fusion.codes})
    if (value != kNoValue) step.writes.push_back(value);
  if (fusion.dequantize == graph::kNoNode) {
    step.written_over = fusion.real;
    step.over = fusion.shortcut;
  }
  return step;
}

}  // namespace pact::engine
