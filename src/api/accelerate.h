// `pact accelerate` as functions: what a network costs on an accelerator, at several bits and bandwidths.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "accelerator/load.h"

namespace pact::api {

struct AccelerateCommand {
  std::string network;  // network of the zoo, run directory, graph or ONNX file, SCALE-Sim topology (.csv)
  std::string accelerator;              // a description's file, or its name in configs/accelerators
  std::vector<int> bits;                // of weights and activations; empty: as the network has them
  std::vector<double> bandwidths_gb_s;  // empty: as described
  int first_last_bits = 8;              // of the first and the last layer, where wider than the rest
  int shortcut_bits = 0;                // 0: shortcuts read the codes that are stored
  std::optional<double> on_chip_kb;     // instead of the described; the buffers grow and shrink in proportion
  std::optional<double> peak_tmacs;     // at the widest operands of the description; the clock follows
  std::optional<int64_t> batch;
  accelerator::ResidencySearch residency = accelerator::ResidencySearch::optimal;
};

// One network on one chip. Speed-ups are to the first of the bits at the same bandwidth.
struct AcceleratePoint {
  int bits = 0;
  double bandwidth_gb_s = 0, on_chip_kb = 0, peak_tmacs = 0;  // peak: at `bits`
  accelerator::Result result;
  double speed_up = 1, peak_ratio = 1;
  double inner_speed_up = 0;  // further, when first and last layer have as few bits as the rest; 0: not asked
};

struct Density {
  std::string design, accumulator;
  int bits = 0;
  double density = 0;  // products a cycle in the area of one 16-bit element
};

struct Acceleration {
  accelerator::Hardware hardware;
  std::vector<AcceleratePoint> points;  // all bits of the first bandwidth, then of the next
  std::vector<Density> densities;       // of the technology
};

// Throws Error.
Acceleration accelerate(const AccelerateCommand& command);

// The same over a design space, without layers: every memory with every peak, bandwidth and bits.
struct SweepCommand {
  AccelerateCommand base;
  std::vector<double> on_chip_kb, peak_tmacs;  // empty: as described; bandwidths are those of `base`
};
struct SweepRow {
  int bits = 0;
  double on_chip_kb = 0, peak_tmacs = 0, bandwidth_gb_s = 0;  // peak: at the widest operands
  double images_per_second = 0, speed_up = 1, peak_ratio = 1;
  double external_bytes = 0, stays_fraction = 0, utilisation = 0;
};
inline constexpr size_t kMaxConfigurations = 1'000'000;
// `on_progress` gets the configurations that are done, and their number.
std::vector<SweepRow> sweep(const SweepCommand& command,
                            const std::function<void(size_t, size_t)>& on_progress);

// Results as they are printed with --json, and one page for offline reading.
std::string to_json(const AccelerateCommand& command, const Acceleration& result);
std::string to_json(const std::vector<SweepRow>& rows);
std::string to_csv(const std::vector<SweepRow>& rows);
void write_accelerate_report(const AccelerateCommand& command, const Acceleration& result,
                             const std::filesystem::path& output);

// What numbers an option takes.
struct NumberRange {
  double least = 0, most = 0;
  std::string unit;             // "kB"
  bool is_inf_allowed = false;  // "inf": without a limit
};
inline const NumberRange kMemoryRange{1, 1e9, "kB"};
inline const NumberRange kBandwidthRange{1e-6, 1e6, "GB/s", true};
inline const NumberRange kPeakRange{1e-6, 1e6, "TMAC/s"};

// "8,4,2"; "2:64:x2" doubles from 2 to 64, "2:10:+2" adds. Throws Error naming `option` and the range, also where
// there are more than kMaxNumbers.
inline constexpr size_t kMaxNumbers = 10'000;
std::vector<double> parse_numbers(const std::string& text, const std::string& option,
                                  const NumberRange& range);

}  // namespace pact::api
