// Whole runs are timed without profiling; the table comes from rounds of its own, so that reading clocks between
// the layers of a small network does not count.

#include "api/bench.h"

#include <algorithm>
#include <chrono>

#include "api/classifier.h"
#include "api/lowering.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/random.h"
#include "engine/peak.h"

namespace pact::api {
namespace {

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double quantile(std::vector<double> values, double q) {
  std::ranges::sort(values);
  return values[static_cast<size_t>(q * static_cast<double>(values.size() - 1) + 0.5)];
}

// Additions that wait for each other take one cycle each; the fastest of many short tries is the clock.
double clock_hz() {
  constexpr int kRounds = 20'000, kAdditions = 16;
  double best = 0;
  for (int attempt = 0; attempt < 50; ++attempt) {
    uint64_t x = static_cast<uint64_t>(attempt);
    const double start = now_s();
    for (int i = 0; i < kRounds; ++i)
#pragma GCC unroll 16
      for (int j = 0; j < kAdditions; ++j) {
        x += static_cast<uint64_t>(i);
        __asm__ volatile("" : "+r"(x));  // keeps the compiler from adding them up itself
      }
    best = std::max(best, kRounds * kAdditions / (now_s() - start));
  }
  return best;
}

int choose_rounds(const BenchCommand& command, double seconds_a_run) {
  if (command.rounds > 0) return command.rounds;
  return static_cast<int>(std::clamp(2.0 / std::max(seconds_a_run, 1e-6), 20.0, 20000.0));
}

// What notes on a file tell, as of the pixels that it expects, does not matter for speed.
graph::Network load_quietly(ModelSource source) {
  source.on_note = {};
  return load_model(source);
}

// The table, by an engine that reads the clock between layers.
void time_layers(const graph::Network& lowered, const BenchCommand& command, const void* input,
                 BenchSummary& summary, const std::function<void(double, const std::string&)>& on_progress) {
  engine::Engine engine(lowered, {.isa = selected_isa(),
                                  .threads = summary.threads,
                                  .max_batch = command.batch,
                                  .profiling = engine::Profiling::on});
  std::vector<float> output(
      static_cast<size_t>(command.batch * graph::element_count(engine.output_type().shape)));
  const int rounds = std::min(summary.rounds, 200);
  std::vector<std::vector<double>> seconds(engine.timings().size());
  for (int round = 0; round < rounds; ++round) {
    on_progress(0.8 + 0.2 * round / rounds, fmt::format("timing layers, run {} of {}", round + 1, rounds));
    engine.run(input, command.batch, output.data());
    const std::vector<engine::StepTiming> timings = engine.timings();
    for (size_t i = 0; i < timings.size(); ++i) seconds[i].push_back(timings[i].seconds);
  }
  for (size_t i = 0; const engine::StepTiming& timing : engine.timings())
    summary.layers.push_back(
        {timing.name, timing.algorithm, timing.macs * command.batch, quantile(seconds[i++], 0.5)});
}

}  // namespace

struct BenchSession::State {
  explicit State(const BenchCommand& command)
      : batch(command.batch),
        threads(command.threads > 0 ? command.threads : usable_cores()),
        classifier(load_quietly(command.model),
                   {.threads = threads, .max_batch = command.batch, .lowering = command.lowering}) {}

  int64_t batch;
  int threads;
  Classifier classifier;
  BenchSummary summary;
  std::vector<uint8_t> bytes;
  std::vector<float> reals;  // the same, for networks that do not take bytes
  const void* input = nullptr;
  std::vector<float> output;
};

BenchSession::BenchSession(const BenchCommand& command) : state_(std::make_unique<State>(command)) {
  State& s = *state_;
  const graph::Graph& graph = s.classifier.lowered().graph;
  s.summary.network = graph.name();
  if (const std::string note = float_layers_note(graph); !note.empty() && command.model.on_note)
    command.model.on_note(note);
  s.summary.machine = machine_description();
  s.summary.threads = s.threads;
  s.summary.cores = std::min(s.threads, usable_cores());
  s.bytes.resize(s.classifier.image().pixels() * static_cast<size_t>(s.batch));
  Random random(1);
  for (uint8_t& byte : s.bytes) byte = static_cast<uint8_t>(random.below(256));
  s.reals.assign(s.bytes.begin(), s.bytes.end());
  const bool takes_bytes = s.classifier.engine()->input_type().dtype == graph::DataType::u8;
  s.input = takes_bytes ? static_cast<const void*>(s.bytes.data()) : s.reals.data();
  s.output.resize(static_cast<size_t>(s.batch * s.classifier.classes()));
}

BenchSession::~BenchSession() = default;

double BenchSession::time_run() {
  const double start = now_s();
  state_->classifier.engine()->run(state_->input, state_->batch, state_->output.data());
  return now_s() - start;
}

const BenchSummary& BenchSession::summary() const { return state_->summary; }
const graph::Network& BenchSession::lowered() const { return state_->classifier.lowered(); }
const void* BenchSession::input() const { return state_->input; }

BenchSummary bench(const BenchCommand& command,
                   const std::function<void(double, const std::string&)>& on_progress) {
  on_progress(0, "making the network ready");
  BenchSession session(command);
  BenchSummary summary = session.summary();
  on_progress(0, "first runs, which tell how long one takes");
  session.time_run();
  summary.rounds = choose_rounds(command, std::min(session.time_run(), session.time_run()));
  std::vector<double> seconds;
  for (int round = 0; round < summary.rounds; ++round) {
    on_progress(0.8 * round / summary.rounds, fmt::format("timing, run {} of {}", round + 1, summary.rounds));
    seconds.push_back(session.time_run());
  }
  summary.median_s = quantile(seconds, 0.5);
  summary.low_s = quantile(seconds, 0.1);
  summary.high_s = quantile(seconds, 0.9);
  summary.clock_hz = clock_hz();
  summary.peak_macs_per_cycle = engine::measure_peak(selected_isa()) / summary.clock_hz;

  time_layers(session.lowered(), command, session.input(), summary, on_progress);
  return summary;
}

}  // namespace pact::api
