// What must hold of any network on any chip: traffic and time have lower bounds, and only memory makes gains
// exceed the ratio of the peaks.
#include "accelerator/evaluate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "accelerator/test_networks.h"
#include "accelerator/topology.h"
#include "base/caught.h"

namespace pact::accelerator {
namespace {

Accelerator chip(double on_chip_kb, double bandwidth_gb_s) {
  return parse_accelerator(
      description(kFamily, memory(on_chip_kb, std::isinf(bandwidth_gb_s) ? 1 : bandwidth_gb_s)), "chip.json");
}

Result run(int bits, double on_chip_kb, double bandwidth_gb_s,
           ResidencySearch search = ResidencySearch::optimal) {
  Accelerator a = chip(on_chip_kb, bandwidth_gb_s);
  a.memory.bandwidth_gb_s = bandwidth_gb_s;
  EvaluateOptions options;
  options.residency = search;
  return evaluate(small_workload(bits), a, options);
}

TEST(Evaluate, AddsUp) {
  const Result r = run(4, 64, 8);
  double cycles = 0, bits = 0, macs = 0;
  for (const LayerResult& layer : r.layers) {
    cycles += layer.cycles, bits += layer.moved_bits(), macs += layer.macs;
    EXPECT_GE(layer.cycles, static_cast<double>(layer.compute.cycles)) << layer.name;
    EXPECT_GE(layer.cycles * 64, layer.moved_bits() * (1 - 1e-12)) << layer.name;
    EXPECT_GE(layer.moved_bits(), layer.compulsory_bits) << layer.name;
    EXPECT_LE(layer.utilisation, 1) << layer.name;
    EXPECT_GE(static_cast<double>(layer.compute.cycles * layer.arrays.macs_per_cycle()), layer.macs)
        << layer.name;
  }
  EXPECT_DOUBLE_EQ(r.cycles_per_image, cycles);
  EXPECT_DOUBLE_EQ(r.external_bits_per_image, bits);
  EXPECT_DOUBLE_EQ(macs, static_cast<double>(small_workload(4).macs()));
}

TEST(Evaluate, KeepsNoMoreThanThereIsRoomFor) {
  for (const double kb : {24.0, 26.0, 28.0, 32.0, 40.0, 64.0})
    for (const int bits : {16, 4}) {
      const Result r = run(bits, kb, 1);
      for (const LayerResult& layer : r.layers)
        EXPECT_LE(layer.live_bits + r.pinned_bits, r.resident_room_bits) << layer.name << ", " << kb << " kB";
    }
}

// Image and logits always move; with all else on chip nothing more does.
TEST(Evaluate, MovesOnlyTheCompulsoryWhenAllFits) {
  const Result r = run(8, 4096, 1);
  EXPECT_DOUBLE_EQ(r.external_bits_per_image, 3 * 16 * 16 * 8 + 10 * 8);
  EXPECT_EQ(r.pinned_bits, r.weight_bits);
}

TEST(Evaluate, MoreMemoryOrBandwidthIsNeverSlower) {
  for (const int bits : {16, 4}) {
    double before = INFINITY;
    for (const double kb : {24.0, 28.0, 32.0, 48.0, 64.0, 128.0}) {
      const double cycles = run(bits, kb, 0.5).cycles_per_image;
      EXPECT_LE(cycles, before) << kb << " kB";
      before = cycles;
    }
    before = INFINITY;
    for (const double bandwidth : {0.1, 0.5, 2.0, 10.0, kUnlimited}) {
      const double cycles = run(bits, 40, bandwidth).cycles_per_image;
      EXPECT_LE(cycles, before) << bandwidth << " GB/s";
      before = cycles;
    }
  }
}

TEST(Evaluate, WithoutABandwidthLimitNoSpeedUpExceedsTheRatioOfPeaks) {
  for (const double kb : {24.0, 32.0, 64.0, 512.0}) {
    const Result base = run(16, kb, kUnlimited);
    for (const int bits : {8, 4, 2}) {
      const Result r = run(bits, kb, kUnlimited);
      EXPECT_LE(base.cycles_per_image / r.cycles_per_image,
                r.peak_macs_per_s / base.peak_macs_per_s * (1 + 1e-12))
          << bits << " bits, " << kb << " kB";
      EXPECT_DOUBLE_EQ(r.cycles_per_image, r.compute_cycles_per_image);
    }
  }
}

// Values moved, rather than bits: the part that stays on chip must have grown where the gain beats the peaks.
TEST(Evaluate, SuperLinearOnlyWhereMoreStaysOnChip) {
  int super_linear = 0;
  for (const double kb : {24.0, 26.0, 28.0, 32.0, 40.0, 48.0, 64.0, 96.0})
    for (const double bandwidth : {0.25, 0.5, 1.0, 2.0, 4.0, 8.0}) {
      const Result base = run(16, kb, bandwidth);
      for (const int bits : {8, 4, 2}) {
        const Result r = run(bits, kb, bandwidth);
        if (base.cycles_per_image / r.cycles_per_image <= r.peak_macs_per_s / base.peak_macs_per_s * 1.0001)
          continue;
        ++super_linear;
        EXPECT_LT(r.external_bits_per_image / r.operand_bits_per_image,
                  base.external_bits_per_image / base.operand_bits_per_image)
            << bits << " bits, " << kb << " kB, " << bandwidth << " GB/s";
      }
    }
  EXPECT_GT(super_linear, 5);
}

TEST(Evaluate, ScheduleAgreesWithTheBoundWithoutALimitAndIsNoFasterWithOne) {
  for (const int bits : {16, 8, 4, 2}) {
    const Result free = run(bits, 40, kUnlimited);
    EXPECT_DOUBLE_EQ(free.scheduled_cycles_per_image, free.compute_cycles_per_image);
    for (const double bandwidth : {0.5, 4.0}) {
      const Result r = run(bits, 40, bandwidth);
      double alone = 0;  // nothing overlaps
      for (const LayerResult& layer : r.layers)
        alone += static_cast<double>(layer.compute.cycles) + layer.moved_bits() / (bandwidth * 8);
      EXPECT_LE(r.scheduled_cycles_per_image, alone * (1 + 1e-12));
      EXPECT_GE(r.scheduled_cycles_per_image, r.compute_cycles_per_image);
      EXPECT_GE(r.scheduled_cycles_per_image, r.external_bits_per_image / (bandwidth * 8) * (1 - 1e-12));
    }
  }
}

TEST(Evaluate, ABatchReadsWeightsOnce) {
  Accelerator a = chip(32, 0.25);
  const Result one = evaluate(small_workload(8), a);
  a.batch = 8;
  const Result eight = evaluate(small_workload(8), a);
  EXPECT_LE(eight.cycles_per_image, one.cycles_per_image);
  EXPECT_EQ(eight.batch, 8);
}

TEST(Evaluate, SaysWhichLayerAnArrayCannotHold) {
  const auto message = [](const Workload& workload, const Accelerator& a) {
    return caught([&] { evaluate(workload, a); });
  };
  Accelerator a = chip(64, 8);
  EXPECT_TRUE(contains(message(make_workload(small_resnet()), a), "stem: has float operands"));
  EXPECT_TRUE(contains(message(small_workload(20), a), "20 bits of weights"));
  a.accumulator_bits = 20;
  EXPECT_TRUE(contains(message(small_workload(8), a), "stem: sums 27 products"));
  a = chip(64, 8);
  a.memory.weight_buffer_bits = 100;
  EXPECT_TRUE(contains(message(small_workload(8), a), "smallest tile"));
  EXPECT_TRUE(contains(message(small_workload(8), a), "memory.buffers"));
}

TEST(Evaluate, RefusesWhatCannotBeCounted) {
  const Workload huge = parse_topology("C, 65536, 65536, 3, 3, 65536, 65536, 1", "huge.csv");
  EXPECT_TRUE(contains(caught([&] { evaluate(huge, chip(64, 8)); }), "C: is too large"));
}

TEST(Evaluate, CountsEnergyFromItsParts) {
  const Technology technology = parse_technology(
      R"({"library": "l", "entries": [{"design": "pe", "accumulator": "exact", "activation_bits": 8, "weight_bits": 8,
          "area": 2, "energy_pj": 0.5}]})",
      "l.json");
  const MemoryTechnology memories = parse_memory_technology(
      R"({"name": "m", "source": "s", "sram_read_pj_per_bit": 0.1, "sram_write_pj_per_bit": 0.1, "sram_mm2_per_kb": 0.01,
          "dram_pj_per_bit": 10})",
      "m.json");
  Accelerator a =
      parse_accelerator(description(R"({"8": {"rows": 4, "columns": 4}})", memory(64, 8)), "chip.json");
  a.technology = ElementTechnology{"l.json", "pe", "exact"};
  EvaluateOptions options;
  options.technology = &technology, options.memory_technology = &memories;
  const Result r = evaluate(small_workload(8), a, options);
  ASSERT_TRUE(r.has_energy);
  EXPECT_DOUBLE_EQ(r.energy_per_image.mac_pj, 0.5 * r.macs_per_image);
  EXPECT_NEAR(r.energy_per_image.dram_pj, 10 * r.external_bits_per_image, 1e-6);
  EXPECT_GT(r.energy_per_image.sram_pj, 0.1 * r.external_bits_per_image);
  EXPECT_DOUBLE_EQ(*r.array_area, 32);
  EXPECT_DOUBLE_EQ(*r.memory_mm2, 0.64);
}

}  // namespace
}  // namespace pact::accelerator
