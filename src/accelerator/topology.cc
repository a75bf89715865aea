#include "accelerator/topology.h"

#include <algorithm>
#include <filesystem>

#include "accelerator/cycles.h"
#include "base/error.h"
#include "base/strings.h"

namespace pact::accelerator {
namespace {

constexpr long long kMostExtent = 1 << 24;

class Lines {
 public:
  Lines(std::string_view text, std::string origin) : text_(text), origin_(std::move(origin)) {}

  Workload read() {
    workload_.name = std::filesystem::path(origin_).stem().string();
    for (const std::string& line : split(text_, '\n')) {
      ++number_;
      std::vector<std::string> cells;
      for (const std::string& cell : split(line, ',')) cells.emplace_back(trim(cell));
      while (!cells.empty() && cells.back().empty()) cells.pop_back();
      if (cells.empty()) continue;
      if (cells.size() > 1 && !parse_integer(cells[1])) {  // a heading
        if (!workload_.layers.empty()) refuse(fmt::format("'{}' is not a whole number", cells[1]));
        continue;
      }
      add(cells);
    }
    if (workload_.layers.empty()) fail("{}: has no layer", origin_);
    add_output();
    return std::move(workload_);
  }

 private:
  void add(const std::vector<std::string>& cells) {
    std::vector<long long> x;
    for (size_t i = 1; i < cells.size(); ++i) {
      const auto value = parse_integer(cells[i]);
      if (!value || *value < 1 || *value > kMostExtent)
        refuse(fmt::format("'{}' must be a whole number from 1 to {}", cells[i], kMostExtent));
      x.push_back(*value);
    }
    Layer layer;
    layer.name = cells[0];
    layer.weight_bits = layer.activation_bits = 8;
    if (x.size() == 3) {  // M, N, K
      layer.op = "linear";
      layer.in_rows = layer.out_rows = x[0];
      layer.out_channels = x[1];
      layer.in_channels = x[2];
    } else if (x.size() == 7 || x.size() == 8) {
      layer.op = "conv2d";
      layer.in_rows = x[0], layer.in_columns = x[1];
      layer.kernel_rows = x[2], layer.kernel_columns = x[3];
      layer.in_channels = x[4], layer.out_channels = x[5];
      layer.row_stride = x[6], layer.column_stride = x.back();
      if (layer.kernel_rows > layer.in_rows || layer.kernel_columns > layer.in_columns)
        refuse("the filter is larger than the input");
      layer.out_rows = ceil_div(x[0] - x[2] + x[6], x[6]);
      layer.out_columns = ceil_div(x[1] - x[3] + x.back(), x.back());
    } else {
      refuse(fmt::format("has {} numbers; a convolution has 7 or 8, a matrix product 3", x.size()));
    }
    add(layer);
  }

  void add(Layer layer) {
    const int index = static_cast<int>(workload_.layers.size());
    const auto size = [](int64_t channels, int64_t rows, int64_t columns) {
      return static_cast<double>(channels) * static_cast<double>(rows) * static_cast<double>(columns);
    };
    if (std::max(size(layer.in_channels, layer.in_rows, layer.in_columns),
                 size(layer.out_channels, layer.out_rows, layer.out_columns)) > 1e15)
      refuse("the layer is too large");
    const int64_t elements = layer.in_channels * layer.in_rows * layer.in_columns;
    const bool follows =
        index > 0 && elements == workload_.layers.back().out_channels * workload_.layers.back().pixels();
    layer.input = static_cast<int>(workload_.tensors.size());
    workload_.tensors.push_back(
        {layer.name + ".input", follows ? index - 1 : kOutside, {index}, elements, 8});
    if (index > 0 && !follows) add_output();
    workload_.layers.push_back(layer);
  }

  // What the last layer writes, when nobody reads it on the chip.
  void add_output() {
    const Layer& last = workload_.layers.back();
    workload_.tensors.push_back({last.name + ".output",
                                 static_cast<int>(workload_.layers.size()) - 1,
                                 {},
                                 last.out_channels * last.pixels(),
                                 8,
                                 true});
  }

  [[noreturn]] void refuse(const std::string& why) const { fail("{}:{}: {}", origin_, number_, why); }

  std::string_view text_;
  std::string origin_;
  int number_ = 0;
  Workload workload_;
};

}  // namespace

Workload parse_topology(std::string_view text, const std::string& origin) {
  return Lines(text, origin).read();
}

}  // namespace pact::accelerator
