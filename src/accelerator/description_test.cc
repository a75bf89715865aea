// What a description may hold, and what is said of one that is wrong.
#include "accelerator/description.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <iostream>

#include "accelerator/load.h"
#include "accelerator/test_networks.h"
#include "base/caught.h"
#include "base/files.h"
#include "base/strings.h"

namespace pact::accelerator {
namespace {

const std::string kGood = description(kFamily, memory(64, 8));

std::string changed(const std::string& from, const std::string& to) {
  std::string text = kGood;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Description, ReadsAll) {
  const Accelerator a = parse_accelerator(kGood, "chip.json");
  EXPECT_EQ(a.arrays.at(4).macs_per_cycle(), 64);
  EXPECT_EQ(a.memory.on_chip_bits, 64 * 8192);
  EXPECT_EQ(a.memory.resident_bits(), 40 * 8192);
  EXPECT_DOUBLE_EQ(a.bits_per_cycle(), 64);
  EXPECT_DOUBLE_EQ(a.peak_macs_per_s(2), 128e9);
  EXPECT_EQ(a.dataflows.size(), 3U);
}

TEST(Description, NamesFileAndKeyOfWhatIsWrong) {
  struct Case {
    std::string from, to;
    std::vector<std::string> says;
  };
  for (const Case& c : {
           Case{"\"clock_ghz\": 1,", "", {"clock_ghz is missing"}},
           Case{"\"clock_ghz\": 1", "\"clock_ghz\": -2", {"clock_ghz", "above 0", "-2"}},
           Case{"\"clock_ghz\": 1", "\"clock_ghz\": \"fast\"", {"clock_ghz", "number", "\"fast\""}},
           Case{"\"clock_ghz\": 1", "\"clock_gHz\": 1", {"clock_ghz is missing"}},
           Case{"\"clock_ghz\": 1", "\"clock_ghz\": 1, \"colour\": 3", {"unknown key 'colour'"}},
           Case{"\"clock_ghz\": 1", "\"clock_ghz\": 1, \"clock_ghz\": 2", {"'clock_ghz' stands twice"}},
           Case{"\"clock_ghz\": 1,", "\"clock_ghz\": 1", {"is not JSON"}},
           Case{"\"any\"", "\"row\"", {"dataflow", "'row'", "ws, is, os, any"}},
           Case{"\"rows\": 16", "\"rows\": 0", {"arrays.2.rows", "whole number"}},
           Case{"\"rows\": 16", "\"rows\": 1.5", {"arrays.2.rows", "1.5"}},
           Case{"\"16\":", "\"sixteen\":", {"arrays.sixteen", "bits"}},
           Case{"\"rows\": 16", "\"rows\": 2", {"arrays.4 has 64 elements", "arrays.2 only 16"}},
           Case{"\"exact\"", "\"wide\"", {"accumulator_bits", "\"exact\""}},
           Case{"\"bandwidth_gb_s\": 8", "\"bandwidth_gb_s\": 0", {"memory.bandwidth_gb_s", "above 0"}},
           Case{"\"on_chip_kb\": 64",
                "\"on_chip_kb\": 16",
                {"memory.buffers take 24 kB", "on_chip_kb, which is 16"}},
           Case{"\"on_chip_kb\": 64", "\"on_chip_kb\": null", {"memory.on_chip_kb is missing"}},
           Case{"\"weight_kb\": 8", "\"weight_kb\": []", {"memory.buffers.weight_kb", "number"}},
           Case{"\"cores\": 1", "\"cores\": \"1\"", {"cores", "whole number"}},
       }) {
    const std::string text = changed(c.from, c.to);
    const std::string message = caught([&] { parse_accelerator(text, "chip.json"); });
    EXPECT_TRUE(message.starts_with("chip.json: ")) << message;
    for (const std::string& word : c.says)
      EXPECT_NE(message.find(word), std::string::npos) << message << "\n" << word;
  }
}

TEST(Description, WiderLayersTakePassesOrAreRefused) {
  const std::string arrays = R"({"4": {"rows": 4, "columns": 4}, "2": {"rows": 8, "columns": 4}})";
  Accelerator a = parse_accelerator(description(arrays, memory(64, 8)), "chip.json");
  EXPECT_NE(caught([&] { a.mode(2, 8, 8); }).find("8 bits of weights"), std::string::npos);
  a.wider_layers = WiderLayers::passes;
  EXPECT_EQ(a.mode(2, 8, 8).passes, 4);
  EXPECT_EQ(a.mode(2, 8, 4).passes, 2);
  EXPECT_EQ(a.mode(4, 2, 2).arrays.macs_per_cycle(), 32);  // the elements split
  a.precision = Precision::fixed;
  EXPECT_EQ(a.mode(4, 2, 2).arrays.macs_per_cycle(), 16);  // the chip for four bits
  EXPECT_EQ(a.mode(2, 8, 8).passes, 16);
}

TEST(Technology, GivesDensities) {
  const std::string entry =
      R"({"design": "pe", "accumulator": "exact", "activation_bits": 16, "weight_bits": 16, "area": 900})";
  const std::string dot =
      R"({"design": "pe", "accumulator": "exact", "activation_bits": 2, "weight_bits": 2, "area": 180, "products": 4})";
  const auto text = [](const std::string& entries) {
    return R"({"library": "lib", "entries": [)" + entries + "]}";
  };
  const Technology technology = parse_technology(text(entry + "," + dot), "lib.json");
  EXPECT_DOUBLE_EQ(technology.density("pe", "exact", 2), 900.0 / 45);
  const auto message = [&](const std::string& entries) {
    return caught([&] { parse_technology(text(entries), "lib.json"); });
  };
  EXPECT_NE(message(entry + "," + entry).find("entries[1] is a second pe/exact a16w16"), std::string::npos);
  EXPECT_NE(message("").find("at least one"), std::string::npos);
  EXPECT_NE(message(R"({"design": "pe"})").find("entries[0].accumulator is missing"), std::string::npos);
  EXPECT_NE(caught([&] { technology.density("pe", "exact", 3); }).find("has no entry pe/exact a3w3"),
            std::string::npos);

  const std::string iso =
      R"({"iso_area": {"base_bits": 16, "base": {"rows": 10, "columns": 10}, "bits": [16, 2], "grow": "array"}})";
  const std::string more = R"(, "technology": {"file": "lib.json", "design": "pe", "accumulator": "exact"})";
  const Accelerator a = parse_accelerator(description(iso, memory(64, 8), more), "chip.json", &technology);
  EXPECT_EQ(a.arrays.at(16).macs_per_cycle(), 100);
  EXPECT_EQ(a.arrays.at(2).shape, (ArrayShape{45, 44}));  // 1980 of at most 2000
  const Accelerator cores = parse_accelerator(
      description(R"({"iso_area": {"base_bits": 16, "base": {"rows": 10, "columns": 10}, "bits": [16, 2]}})",
                  memory(64, 8), more),
      "chip.json", &technology);
  EXPECT_EQ(cores.arrays.at(2), (Arrays{20, {10, 10}}));
  EXPECT_NE(
      caught([&] { parse_accelerator(description(iso, memory(64, 8)), "chip.json"); }).find("key technology"),
      std::string::npos);
}

TEST(Description, ThoseOfTheProjectAreSound) {
  int count = 0;
  for (const auto& file : std::filesystem::directory_iterator("configs/accelerators")) {
    const std::optional<std::string> technology = technology_of(read_file(file.path()), file.path().string());
    if (technology && !std::filesystem::exists(file.path().parent_path() / *technology)) {
      std::cout << "left out: " << file.path() << ", since its technology has not been synthesised\n";
      continue;
    }
    const Hardware hardware = load_hardware(file.path());
    EXPECT_FALSE(hardware.accelerator.arrays.empty());
    ++count;
  }
  EXPECT_GE(count, 3);
  EXPECT_NE(caught([] { load_hardware("configs/accelerators/none.json"); }), "");
}

}  // namespace
}  // namespace pact::accelerator
