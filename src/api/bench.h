// `pact bench` as a function: how long the integer network takes, and where.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/model.h"
#include "passes/lower/lower.h"

namespace pact::api {

struct BenchCommand {
  ModelSource model;
  int threads = 0;    // 0: one per core
  int64_t batch = 1;  // images a run
  passes::LowerOptions lowering = {};
  int rounds = 0;     // 0: as many as fit into about two seconds, at least 20
};

struct LayerTime {
  std::string name, algorithm;
  int64_t macs = 0;    // of one run
  double seconds = 0;  // median
};

struct BenchSummary {
  std::string network, machine;
  int threads = 1, rounds = 0;
  int cores = 1;  // that the threads have between them: no more than there are
  double median_s = 0, low_s = 0, high_s = 0;  // of one run: median, 10th and 90th percentile
  double clock_hz = 0;                         // measured by a chain of dependent additions
  double peak_macs_per_cycle = 0;  // of bytes, on one core, measured; 0: not known for the instruction set
  std::vector<LayerTime> layers;
};

// The integer network, made ready, and an input of random pixels.
class BenchSession {
 public:
  explicit BenchSession(const BenchCommand& command);  // throws Error
  ~BenchSession();

  double time_run();  // one run of the batch, in seconds
  // Without times: what is known before the first run.
  const BenchSummary& summary() const;
  const graph::Network& lowered() const;
  const void* input() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Throws Error. `on_progress` gets the fraction done and what comes next, before each run: one may take minutes.
BenchSummary bench(const BenchCommand& command,
                   const std::function<void(double, const std::string&)>& on_progress);

}  // namespace pact::api
