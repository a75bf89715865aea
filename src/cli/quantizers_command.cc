// `pact quantizers`.

#include "api/quantizers.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"

namespace pact::cli {
namespace {

std::string bits_text(const api::QuantizerRow& row) {
  return row.least_bits == row.most_bits ? fmt::format("{}", row.least_bits)
                                         : fmt::format("{} to {}", row.least_bits, row.most_bits);
}

void print_table(const std::vector<api::QuantizerRow>& rows) {
  constexpr const char* kRow = "{:<12} {:<12} {:<7} {:<22} {:<8} {:<16} {}\n";
  fmt::print(kRow, "quantizer", "of", "bits", "grid", "learns", "granularity", "source");
  for (const api::QuantizerRow& row : rows)
    fmt::print(kRow, row.name, row.of, bits_text(row), row.grid, row.learned.empty() ? "-" : row.learned,
               row.granularity, row.source);
}

nlohmann::ordered_json to_json(const std::vector<api::QuantizerRow>& rows) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const api::QuantizerRow& row : rows)
    list.push_back({{"name", row.name},
                    {"of", row.of},
                    {"least_bits", row.least_bits},
                    {"most_bits", row.most_bits},
                    {"grid", row.grid},
                    {"learned", row.learned},
                    {"granularity", row.granularity},
                    {"source", row.source}});
  return {{"quantizers", list}};
}

}  // namespace

void add_quantizers(CLI::App& app, Run& run) {
  auto as_json = std::make_shared<bool>(false);
  CLI::App* quantizers = app.add_subcommand("quantizers", "the quantizers of weights and activations");
  quantizers->add_flag("--json", *as_json, "print the result as one JSON object");
  quantizers->callback([as_json, &run] {
    run = [as_json] {
      const std::vector<api::QuantizerRow> rows = api::list_quantizers();
      if (*as_json)
        fmt::print("{}\n", to_json(rows).dump());
      else
        print_table(rows);
    };
  });
}

}  // namespace pact::cli
