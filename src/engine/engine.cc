#include "engine/engine.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <new>

#include "base/cpu.h"
#include "base/error.h"
#include "base/thread_pool.h"
#include "base/words.h"
#include "engine/aligned.h"
#include "engine/integer_algorithm.h"
#include "engine/layout.h"
#include "engine/memory.h"
#include "engine/plan.h"

namespace pact::engine {
namespace {

using graph::kBatch;
using graph::TensorType;
using Clock = std::chrono::steady_clock;

const EngineOptions& checked(const EngineOptions& options) {
  const std::vector<Isa> available = available_isas();
  if (std::ranges::count(available, options.isa) == 0)
    fail(ErrorKind::unsupported, "this machine has no {}", name_of(options.isa));
  if (options.max_batch < 1) fail("max_batch must be at least 1, not {}", options.max_batch);
  return options;
}

std::string forced_algorithm(const EngineOptions& options) {
  if (!options.algorithm.empty()) return options.algorithm;
  const char* forced = std::getenv("PACT_FORCE_ALGORITHM");
  return forced ? forced : "";
}

// make_plan, where memory that lacks is told with what asks for it: the weights, which are kept in another form.
Plan plan_of(const graph::Network& network, const EngineOptions& options, graph::Tensors* spent) {
  size_t weight_bytes = 0;
  for (const auto& [name, tensor] : network.tensors) weight_bytes += tensor.bytes.size();
  try {
    return make_plan(network,
                     {.isa = options.isa,
                      .algorithm = forced_algorithm(options),
                      .threads = options.threads,
                      .max_batch = options.max_batch,
                      .cached_bytes = options.cached_bytes},
                     spent);
  } catch (const std::bad_alloc&) {
    fail(ErrorKind::unsupported, "graph {}: there is not enough memory to pack its weights, {} bytes",
         network.graph.name(), weight_bytes);
  }
}

}  // namespace

std::vector<std::string> algorithm_names() {
  std::vector<std::string> names;
  for (const AlgorithmEntry& entry : integer_algorithms()) names.emplace_back(entry.name);
  return names;
}

// What a worker that runs the steps has for itself.
struct alignas(kAlignment) Worker {
  int64_t next_ticket = 0;      // see Workspace
  std::vector<size_t> offsets;  // of each value, for the images at hand
  std::vector<int64_t> first;   // by stage: of the images at hand, within the batch
};

class Engine::Impl {
 public:
  Impl(const graph::Network& network, graph::Tensors* spent, const EngineOptions& options)
      : max_batch_(checked(options).max_batch),
        profiling_(options.profiling),
        pool_(options.threads),
        plan_(plan_of(network, options, spent)),
        input_type_(network.graph.value(plan_.input).type),
        output_type_(network.graph.value(plan_.output).type),
        input_layout_(layout_of(input_type_.shape)),
        output_layout_(layout_of(output_type_.shape)),
        seconds_(plan_.steps.size(), 0.0) {
    const auto threads = static_cast<size_t>(options.threads);
    scratch_stride_ = (Workspace::kHeader + plan_.scratch_bytes + kAlignment - 1) / kAlignment * kAlignment;
    arena_stride_ = (plan_.arena_bytes + kAlignment - 1) / kAlignment * kAlignment;
    workers_.resize(threads);
    for (size_t worker = 0; worker < threads; ++worker)
      workers_[worker] = {.next_ticket = static_cast<int64_t>(1 + worker),
                          .offsets = std::vector<size_t>(plan_.homes.size()),
                          .first = std::vector<int64_t>(plan_.stages.size())};
    allocate(network.graph.name(), options);
  }

  void run(const void* images, int64_t batch, void* outputs) {
    require_batch(batch);
    std::ranges::fill(seconds_, 0.0);
    const Ends ends{static_cast<const std::byte*>(images), static_cast<std::byte*>(outputs)};
    const int64_t for_each = runs_images_apart() ? batch / pool_.threads() : 0;
    if (for_each > 0)
      pool_.parallel_for(pool_.threads(), [&](int64_t share, int worker) {
        run_stages(last_stage(), share * for_each, (share + 1) * for_each, ends, worker, alone_);
      });
    const int64_t done = for_each * pool_.threads();
    run_stages(last_stage(), done, batch, ends, 0, pool_);
  }

  void require_batch(int64_t batch) const {
    const int64_t fixed = input_type_.shape[0];
    if (batch < 1 || (fixed != kBatch && batch != fixed))
      fail("the network takes {}, not a batch of {}", to_string(input_type_), batch);
  }

  std::vector<StepTiming> timings() const {
    std::vector<StepTiming> timings;
    for (size_t i = 0; i < plan_.steps.size(); ++i) {
      const Step& step = plan_.steps[i];
      timings.push_back({step.name, step.algorithm, seconds_[i], step.macs, step.weight_bytes});
    }
    return timings;
  }

  size_t memory_bytes() const { return arena_.size() + scratch_.size(); }
  size_t weight_bytes() const {
    size_t bytes = 0;
    for (const Step& step : plan_.steps) bytes += step.weight_bytes;
    return bytes;
  }
  const TensorType& input_type() const { return input_type_; }
  const TensorType& output_type() const { return output_type_; }
  int64_t max_batch() const { return max_batch_; }

 private:
  void allocate(const std::string& name, const EngineOptions& options) {
    constexpr const char* kAdvice = "a smaller batch or fewer threads may take less";
    const auto threads = static_cast<size_t>(options.threads);
    const size_t arena = arena_stride_ * (plan_.is_small ? threads : 1), scratch = scratch_stride_ * threads;
    const std::string needs =
        fmt::format("graph {}: values and scratch memory take {} bytes for a batch of up to {} on {}", name,
                    arena + scratch, counted(options.max_batch, "image"), counted(options.threads, "thread"));
    if (arena + scratch > options.max_memory_bytes)
      fail(ErrorKind::unsupported, "{}, more than max_memory_bytes = {}; {}", needs, options.max_memory_bytes,
           kAdvice);
    try {
      // Zeros, which take the page faults now.
      arena_.assign(arena, std::byte{0});
      scratch_.assign(scratch, std::byte{0});
    } catch (const std::bad_alloc&) {
      fail(ErrorKind::unsupported, "{}, and so much memory is not to be had; {}", needs, kAdvice);
    }
  }

  // Clocks are read for one step after the other, so that profiling keeps the threads together.
  bool runs_images_apart() const {
    return plan_.is_small && pool_.threads() > 1 && profiling_ == Profiling::off;
  }

  struct Ends {
    const std::byte* images;
    std::byte* outputs;
  };

  size_t last_stage() const { return plan_.stages.size() - 1; }

  // Of `worker` alone, or of the whole pool, whose first worker it then is.
  Workspace workspace_of(int worker, ThreadPool& pool) {
    const auto index = static_cast<size_t>(worker);
    return {.arena = arena_.data() + index * arena_stride_,
            .offsets = workers_[index].offsets.data(),
            .scratch = scratch_.data() + index * scratch_stride_,
            .scratch_stride = scratch_stride_,
            .batch = 1,
            .pool = &pool,
            .ticket = &workers_[index].next_ticket,
            .ticket_stride = static_cast<int64_t>(workers_.size())};
  }

  // Stages 0 to `stage` for the images [begin, end), as many at once as `stage` takes.
  void run_stages(size_t stage, int64_t begin, int64_t end, const Ends& ends, int worker, ThreadPool& pool) {
    const int64_t at_once = plan_.stages[stage].images;
    Worker& own = workers_[static_cast<size_t>(worker)];
    for (int64_t first = begin; first < end; first += at_once) {
      const int64_t behind = std::min(first + at_once, end);
      own.first[stage] = first;
      if (stage > 0) run_stages(stage - 1, first, behind, ends, worker, pool);
      for (size_t id = 0; id < own.offsets.size(); ++id) {
        const Home& home = plan_.homes[id];
        const int64_t index = home.stage > stage ? first - own.first[home.stage] : 0;
        own.offsets[id] = home.offset + static_cast<size_t>(index) * home.image_bytes;
      }
      Workspace workspace = workspace_of(worker, pool);
      workspace.batch = behind - first;
      if (stage == 0) read_images(ends.images, first, workspace);
      run_steps(plan_.stages[stage], workspace);
      if (stage == last_stage()) write_outputs(workspace, first, ends.outputs);
    }
  }

  void read_images(const std::byte* images, int64_t first, const Workspace& workspace) const {
    const size_t element = size_bytes(input_type_.dtype);
    to_channels_last({workspace.batch, input_layout_.channels, input_layout_.pixels, element},
                     images + first * input_layout_.count() * static_cast<int64_t>(element),
                     workspace.at<std::byte>(plan_.input));
  }

  void write_outputs(const Workspace& workspace, int64_t first, std::byte* outputs) const {
    const size_t element = size_bytes(output_type_.dtype);
    from_channels_last({workspace.batch, output_layout_.channels, output_layout_.pixels, element},
                       workspace.at<std::byte>(plan_.output),
                       outputs + first * output_layout_.count() * static_cast<int64_t>(element));
  }

  void run_steps(const Stage& stage, const Workspace& workspace) {
    for (auto i = static_cast<size_t>(stage.begin); i < static_cast<size_t>(stage.end); ++i) {
      if (profiling_ == Profiling::off) {
        plan_.steps[i].run(workspace);
        continue;
      }
      const Clock::time_point start = Clock::now();
      plan_.steps[i].run(workspace);
      seconds_[i] += std::chrono::duration<double>(Clock::now() - start).count();
    }
  }

  int64_t max_batch_;
  Profiling profiling_;
  ThreadPool pool_;
  ThreadPool alone_{1};
  Plan plan_;
  TensorType input_type_, output_type_;
  Layout input_layout_, output_layout_;
  std::vector<double> seconds_;
  size_t scratch_stride_ = 0, arena_stride_ = 0;
  std::vector<Worker> workers_;
  AlignedVector<std::byte> arena_, scratch_;
};

Engine::Engine(const graph::Network& integer_network, const EngineOptions& options)
    : impl_(std::make_unique<Impl>(integer_network, nullptr, options)) {}
Engine::Engine(graph::Network&& integer_network, const EngineOptions& options)
    : impl_(std::make_unique<Impl>(integer_network, &integer_network.tensors, options)) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

const TensorType& Engine::input_type() const { return impl_->input_type(); }
const TensorType& Engine::output_type() const { return impl_->output_type(); }
int64_t Engine::max_batch() const { return impl_->max_batch(); }
std::vector<StepTiming> Engine::timings() const { return impl_->timings(); }
size_t Engine::memory_bytes() const { return impl_->memory_bytes(); }
size_t Engine::weight_bytes() const { return impl_->weight_bytes(); }

void Engine::run(const void* images, int64_t batch, void* outputs) { impl_->run(images, batch, outputs); }

graph::Tensor Engine::run(const graph::Tensor& input) {
  const int64_t batch = input.shape.empty() ? 0 : input.shape[0];
  TensorType expected = input_type();
  expected.shape[0] = expected.shape[0] == kBatch ? batch : expected.shape[0];
  if (batch < 1 || expected != TensorType{input.type, input.shape} ||
      input.bytes.size() != static_cast<size_t>(input.count()) * size_bytes(input.type))
    fail("the network takes {}, not {}", to_string(input_type()),
         to_string(TensorType{input.type, input.shape}));
  graph::Shape shape = output_type().shape;
  shape[0] = batch;
  graph::Tensor output = graph::Tensor::zeros(output_type().dtype, shape);
  run(input.bytes.data(), batch, output.bytes.data());
  return output;
}

}  // namespace pact::engine
