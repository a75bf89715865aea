// `pact accelerate`.

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <map>

#include "api/accelerate.h"
#include "api/output.h"
#include "base/error.h"
#include "base/files.h"
#include "base/progress.h"
#include "base/strings.h"
#include "base/words.h"
#include "cli/accepted.h"
#include "cli/commands.h"

namespace pact::cli {
namespace {

using accelerator::LayerResult;
using api::AcceleratePoint;

std::string bandwidth_text(double gb_s) {
  return std::isinf(gb_s) ? "no limit" : fmt::format("{:g} GB/s", gb_s);
}

// "compute 61 %, bandwidth 39 %": shares of the time.
std::string bounds_text(const accelerator::Result& r) {
  std::vector<std::string> parts;
  for (const auto bound :
       {accelerator::Bound::compute, accelerator::Bound::latency, accelerator::Bound::bandwidth}) {
    double cycles = 0, all = 0;
    for (const LayerResult& layer : r.layers) {
      all += layer.cycles;
      if (layer.bound == bound) cycles += layer.cycles;
    }
    if (cycles > 0) parts.push_back(fmt::format("{} {:.0f} %", name_of(bound), 100 * cycles / all));
  }
  return join(parts);
}

// What the delays of the elements say of the clock, where the technology has delays.
void print_clocks(const api::Acceleration& a) {
  std::map<int, double, std::greater<>> limits;
  bool is_beyond = false;
  for (const AcceleratePoint& p : a.points)
    if (p.result.clock_limit_ghz) {
      limits[p.bits] = *p.result.clock_limit_ghz;
      is_beyond |= p.result.clock_ghz > 1.001 * *p.result.clock_limit_ghz;
    }
  if (limits.empty()) return;
  std::vector<std::string> parts;
  for (const auto& [bits, ghz] : limits)
    parts.push_back(fmt::format("{:.3g} GHz at {}", ghz, counted(bits, "bit")));
  fmt::print("clock: by their delays, the slowest elements in use of {} reach {}{}\n",
             a.hardware.technology->library, join(parts),
             is_beyond ? "; the one assumed is faster, so take ratios from this table, not times" : "");
}

void print_summary(const api::Acceleration& a) {
  const auto& chip = a.hardware.accelerator;
  fmt::print("{} on {}: {}\n", a.points[0].result.network, chip.name, chip.description);
  const auto& first = a.points[0];
  const std::string clock = chip.is_clock_by_technology && a.points[0].result.clock_limit_ghz
                                ? "clock by technology"
                                : fmt::format("{:.4g} GHz", first.result.clock_ghz);
  fmt::print("{:.0f} kB on chip, {}, batch {}; time, traffic and energy are per image\n", first.on_chip_kb,
             clock, first.result.batch);
  double bandwidth = -1;
  for (const AcceleratePoint& p : a.points) {
    const accelerator::Result& r = p.result;
    if (p.bandwidth_gb_s != bandwidth) {
      bandwidth = p.bandwidth_gb_s;
      fmt::print(
          "\nexternal bandwidth: {}\n{:>4} {:>8} {:>9} {:>9} {:>8} {:>6} {:>6} {:>10} {:>8} {:>9} {:>9}  "
          "{}\n",
          bandwidth_text(bandwidth), "bits", "TMAC/s", "time, ms", "with fill", "speed-up", "peak x",
          "use, %", "external", "stays, %", "weights", p.result.has_energy ? "energy, mJ" : "",
          "time is bound by");
    }
    fmt::print(
        "{:>4} {:>8.4g} {:>9.4f} {:>9.4f} {:>8.2f} {:>6.2f} {:>6.1f} {:>10} {:>8.1f} {:>8.0f}% {:>9}  {}\n",
        p.bits, p.peak_tmacs, 1e3 * r.seconds_per_image(), r.scheduled_cycles_per_image / r.clock_ghz * 1e-6,
        p.speed_up, p.peak_ratio, 100 * r.macs_per_s() / r.peak_macs_per_s,
        format_bytes(r.external_bits_per_image / 8),
        100 * (1 - r.external_bits_per_image / r.operand_bits_per_image), 100 * r.pinned_bits / r.weight_bits,
        r.has_energy ? fmt::format("{:.3g}", 1e-9 * r.energy_per_image.total_pj()) : "", bounds_text(r));
  }
  fmt::print(
      "\nwith fill: by the tile scheduler, first loads and last stores included; stays: of the bits that "
      "layers read and "
      "write; weights: share pinned on chip\n");
  print_clocks(a);
  for (const AcceleratePoint& p : a.points)
    if (p.inner_speed_up > 0)
      fmt::print("{}, {}: first and last layer at {}, too: {:.2f} times as fast\n", counted(p.bits, "bit"),
                 bandwidth_text(p.bandwidth_gb_s), counted(p.bits, "bit"), p.inner_speed_up);
}

void print_layers(const AcceleratePoint& p) {
  const auto images = static_cast<double>(p.result.images);
  fmt::print("\n{}, {}\n{:<30} {:>5} {:>10} {:>10} {:<9} {:>6} {:<4} {:<26} {:>10} {:>10}  {}\n",
             counted(p.bits, "bit"), bandwidth_text(p.bandwidth_gb_s), "layer", "w/a", "MACs", "cycles",
             "bound", "use, %", "flow", "loops and tile", "external", "compulsory", "stays on chip");
  for (const LayerResult& l : p.result.layers) {
    std::vector<std::string> stays;
    if (l.is_pinned) stays.emplace_back("weights");
    if (l.input_stays) stays.emplace_back("input");
    if (l.output_stays) stays.emplace_back("output");
    fmt::print("{:<30} {:>5} {:>10.0f} {:>10.0f} {:<9} {:>6.1f} {:<4} {:<26} {:>10} {:>10}  {}\n", l.name,
               fmt::format("{}/{}", l.weight_bits, l.activation_bits), l.macs / images, l.cycles / images,
               name_of(l.bound), 100 * l.utilisation, name_of(l.compute.dataflow),
               fmt::format("{}: {} x {} x {}", name_of(l.tiling.order).substr(0, 8), l.tiling.rows,
                           l.tiling.channels, l.tiling.in_channels),
               format_bytes(l.moved_bits() / 8 / images), format_bytes(l.compulsory_bits / 8 / images),
               join(stays));
  }
}

struct AccelerateArguments {
  api::AccelerateCommand command;
  std::string bits, bandwidths, residency = "optimal", memories, peaks, page, output;
  double memory_kb = 0, peak = 0;
  int64_t batch = 0;
  bool sweep = false, layers = false, json = false;
};

std::vector<int> parse_bits(const std::string& text) {
  std::vector<int> bits;
  if (text.empty()) return bits;
  for (const double x : api::parse_numbers(text, "--bits", {1, 31, ""})) {
    if (x != std::floor(x)) fail(ErrorKind::usage, "--bits: {} must be a whole number from 1 to 31", x);
    bits.push_back(static_cast<int>(x));
  }
  return bits;
}

void run_sweep(const AccelerateArguments& args) {
  api::SweepCommand sweep;
  sweep.base = args.command;
  if (!args.memories.empty())
    sweep.on_chip_kb = api::parse_numbers(args.memories, "--memory", api::kMemoryRange);
  if (!args.peaks.empty()) sweep.peak_tmacs = api::parse_numbers(args.peaks, "--peak", api::kPeakRange);
  ProgressLine line;
  const auto rows = api::sweep(sweep, [&](size_t done, size_t count) {
    line.update(static_cast<double>(done) / static_cast<double>(count),
                fmt::format("{}/{} configurations", done, count));
  });
  line.clear();
  const std::string text = args.json ? api::to_json(rows) + "\n" : api::to_csv(rows);
  if (args.output.empty()) {
    fmt::print("{}", text);
    return;
  }
  write_file(args.output, text);
  tell(fmt::format("{}: {} of {} on {}, as {}", args.output,
                   counted(static_cast<long long>(rows.size()), "configuration"), args.command.network,
                   args.command.accelerator, args.json ? "JSON" : "CSV"));
}

void run_points(AccelerateArguments& args) {
  if (!args.memories.empty()) {
    const auto memory = api::parse_numbers(args.memories, "--memory", api::kMemoryRange);
    if (memory.size() != 1) fail(ErrorKind::usage, "several values of --memory need --sweep");
    args.command.on_chip_kb = memory[0];
  }
  if (!args.peaks.empty()) {
    const auto peak = api::parse_numbers(args.peaks, "--peak", api::kPeakRange);
    if (peak.size() != 1) fail(ErrorKind::usage, "several values of --peak need --sweep");
    args.command.peak_tmacs = peak[0];
  }
  const api::Acceleration result = api::accelerate(args.command);
  if (!args.page.empty()) api::write_accelerate_report(args.command, result, args.page);
  if (args.json) {
    fmt::print("{}\n", api::to_json(args.command, result));
    return;
  }
  print_summary(result);
  if (args.layers || result.points.size() == 1)
    for (const AcceleratePoint& point : result.points) print_layers(point);
  if (!args.page.empty()) fmt::print("report: {}\n", args.page);
}

}  // namespace

void add_accelerate(CLI::App& app, Run& run) {
  auto args = std::make_shared<AccelerateArguments>();
  CLI::App* command = app.add_subcommand("accelerate", "what a network costs on low-precision hardware");
  command
      ->add_option("network", args->command.network,
                   "network of the zoo, run directory, graph, ONNX or .pact file, SCALE-Sim topology (.csv)")
      ->required();
  command
      ->add_option("--accelerator", args->command.accelerator,
                   "description: a file, or a name in configs/accelerators [paper-iso-area]")
      ->default_val("paper-iso-area");
  command->add_option("--bits", args->bits, "of weights and activations: 16,8,4,2 [those of the network]");
  command->add_option("--bandwidth", args->bandwidths, "external, GB/s: inf,64,32 [as described]");
  command
      ->add_option("--first-last-bits", args->command.first_last_bits,
                   "of the first and the last layer, where --bits are fewer [8]")
      ->check(whole_number(1, 31));
  command
      ->add_option("--shortcut-bits", args->command.shortcut_bits,
                   "of values that shortcuts add; 0: those of the codes that are stored [0]")
      ->check(whole_number(0, 32));
  command->add_option("--memory", args->memories, "on chip, kB, buffers in proportion; several with --sweep");
  command->add_option("--peak", args->peaks,
                      "TMAC/s at the widest operands, by the clock; several with --sweep");
  command->add_option("--batch", args->batch, "images a run [as described]")->check(whole_number(1, 65536));
  command
      ->add_option("--residency", args->residency,
                   "search for what stays on chip: optimal, greedy or none [optimal]")
      ->check(one_of({"optimal", "greedy", "none"}));
  command->add_flag("--sweep", args->sweep, "every --memory, --peak, --bandwidth and --bits, as CSV or JSON");
  command->add_flag("--layers", args->layers, "print the layers of every point, not only of a single one");
  command->add_option("--report", args->page, "write a page with figures to this file");
  command->add_option("-o,--output", args->output, "file for the table of --sweep [standard output]");
  command->add_flag("--json", args->json, "print the result as one JSON object");
  command->callback([args, command, &run] {
    run = [args, command] {
      args->command.bits = parse_bits(args->bits);
      if (!args->bandwidths.empty())
        args->command.bandwidths_gb_s =
            api::parse_numbers(args->bandwidths, "--bandwidth", api::kBandwidthRange);
      if (args->batch > 0) args->command.batch = args->batch;
      using enum accelerator::ResidencySearch;
      const bool chosen = command->count("--residency") > 0;
      args->command.residency = args->residency == "none"                                 ? none
                                : args->residency == "greedy" || (args->sweep && !chosen) ? greedy
                                                                                          : optimal;
      if (args->sweep && !args->page.empty())
        fail(ErrorKind::usage, "--report is for single points, not for --sweep");
      if (!args->sweep && !args->output.empty())
        fail(ErrorKind::usage, "--output takes the table of --sweep; a page is written by --report");
      if (!args->page.empty()) api::require_output(args->page, api::OutputKind::page, {});
      if (!args->output.empty()) api::require_output(args->output, api::OutputKind::table, {});
      if (args->sweep)
        run_sweep(*args);
      else
        run_points(*args);
    };
  });
}

}  // namespace pact::cli
