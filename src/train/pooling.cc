#include "train/pooling.h"

#include <limits>

namespace pact::train {
namespace {

using graph::Node;

// The image with rows and columns of `value` around it.
at::Tensor with_border(const Node& node, const at::Tensor& x, double value) {
  const std::vector<int64_t>& p = node.integers("pads");  // top, left, bottom, right
  return at::constant_pad_nd(x, {p[1], p[3], p[0], p[2]}, value);
}

// Sums over the windows of the padded image.
at::Tensor window_sums(const Node& node, const at::Tensor& x) {
  const std::vector<int64_t>& kernel = node.integers("kernel");
  const std::vector<int64_t> no_padding{0, 0};
  const at::Tensor ones = at::ones({x.size(1), 1, kernel[0], kernel[1]}, x.options());
  return at::conv2d(with_border(node, x, 0), ones, at::Tensor(), node.integers("strides"), no_padding,
                    node.integers("dilations"), x.size(1));
}

}  // namespace

at::Tensor run_max_pool(const Node& node, const at::Tensor& x) {
  // Padding never wins, and may be wider than libtorch's own allows.
  const at::Tensor input = with_border(node, x, -std::numeric_limits<double>::infinity());
  return at::max_pool2d(input, node.integers("kernel"), node.integers("strides"), {0, 0},
                        node.integers("dilations"));
}

at::Tensor run_avg_pool(const Node& node, const at::Tensor& x) {
  const std::vector<int64_t>&kernel = node.integers("kernel"), &pads = node.integers("pads");
  const bool counts_padding = node.integer("count_include_pad") != 0;
  const bool is_even = pads[0] == pads[2] && pads[1] == pads[3];
  const bool fits = 2 * pads[0] <= kernel[0] && 2 * pads[1] <= kernel[1];  // what libtorch asks of padding
  if (node.integers("dilations") == std::vector<int64_t>{1, 1}) {
    if (is_even && fits)
      return at::avg_pool2d(x, kernel, node.integers("strides"), {pads[0], pads[1]}, false, counts_padding);
    if (counts_padding) return at::avg_pool2d(with_border(node, x, 0), kernel, node.integers("strides"));
  }
  const at::Tensor sums = window_sums(node, x.to(at::kFloat));
  if (counts_padding) return (sums / static_cast<double>(kernel[0] * kernel[1])).to(x.scalar_type());
  const at::Tensor inside = at::ones({1, 1, x.size(2), x.size(3)}, sums.options());
  return (sums / window_sums(node, inside)).to(x.scalar_type());
}

}  // namespace pact::train
