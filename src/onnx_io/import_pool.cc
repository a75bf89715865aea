// Pooling, and the padding that it shares with convolutions.
#include <algorithm>

#include "base/error.h"
#include "onnx_io/importer.h"

namespace pact::onnx_io {
namespace {

using graph::Op;
using graph::ValueId;

// ceil_mode: one more window, where a stride leaves pixels over, as if the end were padded further. Libraries
// disagree on windows that would begin in the padding, and on whether the surplus counts in a mean.
void pad_to_ceiling(const NodeView& node, const graph::Shape& x, const std::vector<int64_t>& kernel,
                    const std::vector<int64_t>& strides, const std::vector<int64_t>& dilations,
                    std::vector<int64_t>& pads) {
  for (size_t i = 0; i < 2; ++i) {
    const int64_t reach = (kernel[i] - 1) * dilations[i] + 1;
    const int64_t rest = (x[i + 2] + pads[i] + pads[i + 2] - reach) % strides[i];
    if (rest <= 0) continue;
    const int64_t surplus = strides[i] - rest;
    const int64_t begin = x[i + 2] + pads[i] + pads[i + 2] + surplus - reach;
    if (begin >= x[i + 2] + pads[i] ||
        (node.op() == "AveragePool" && node.integer("count_include_pad", 0) != 0))
      refuse("ceil_mode would add a window of which runtimes disagree");
    pads[i + 2] += surplus;
  }
}

}  // namespace

// top, left, bottom, right. SAME: the output has ceil(extent / stride) elements, the odd one pads the end
// (UPPER) or the beginning (LOWER).
std::vector<int64_t> Importer::pads_of(const NodeView& node, const graph::Shape& x,
                                       const std::vector<int64_t>& kernel,
                                       const std::vector<int64_t>& strides,
                                       const std::vector<int64_t>& dilations) {
  const std::string mode = node.word("auto_pad", "NOTSET");
  std::vector<int64_t> pads = node.extents("pads", 4, 0, 0);
  if (mode == "NOTSET") return pads;
  pads = {0, 0, 0, 0};
  if (mode == "VALID") return pads;
  if (mode != "SAME_UPPER" && mode != "SAME_LOWER") refuse("auto_pad '" + mode + "' is not understood");
  for (size_t i = 0; i < 2; ++i) {
    const int64_t windows = (x[i + 2] + strides[i] - 1) / strides[i];
    const int64_t reach = (kernel[i] - 1) * dilations[i] + 1;
    const int64_t total = std::max<int64_t>(0, (windows - 1) * strides[i] + reach - x[i + 2]);
    pads[i] = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
    pads[i + 2] = total - pads[i];
  }
  return pads;
}

Known Importer::read_pool(const NodeView& node) {
  const ValueId x = activation(node.input(0));
  if (shape(x).size() != 4) refuse("only pooling of images is understood");
  if (!node.find("kernel_shape")) fail("its kernel_shape is missing");
  const auto kernel = node.extents("kernel_shape", 2, 1, 1), strides = node.extents("strides", 2, 1, 1);
  const auto dilations = node.extents("dilations", 2, 1, 1);
  auto pads = pads_of(node, shape(x), kernel, strides, dilations);
  if (node.integer("ceil_mode", 0) != 0) pad_to_ceiling(node, shape(x), kernel, strides, dilations, pads);
  const bool is_padded = std::ranges::any_of(pads, [](int64_t each) { return each > 0; });
  graph::Attributes attributes{
      {"kernel", kernel}, {"strides", strides}, {"pads", pads}, {"dilations", dilations}};
  if (node.op() == "MaxPool") return add(Op::max_pool, node, {x}, std::move(attributes));
  attributes["count_include_pad"] = is_padded ? node.integer("count_include_pad", 0) : int64_t{1};
  return add(Op::avg_pool, node, {x}, std::move(attributes));
}

Known Importer::read_global_max_pool(const NodeView& node) {
  const ValueId x = activation(node.input(0));
  if (shape(x).size() != 4) refuse("only pooling of images is understood");
  const std::vector<int64_t> kernel(shape(x).begin() + 2, shape(x).end());
  return add(Op::max_pool, node, {x}, {{"kernel", kernel}});
}

// The mean over both axes of images, wherever the channels stand.
Known Importer::read_reduce_mean(const NodeView& node) {
  const Known& source = known(node.input(0));
  const bool is_last = source.is_channels_last;
  const ValueId x = is_last ? *source.value : activation(node.input(0));
  std::vector<int64_t> axes = integers(node, "axes", 1).value_or(std::vector<int64_t>{});
  const auto rank = static_cast<int64_t>(shape(x).size());
  for (int64_t& axis : axes) axis += axis < 0 ? rank : 0;
  std::ranges::sort(axes);
  if (rank != 4 || axes != (is_last ? std::vector<int64_t>{1, 2} : std::vector<int64_t>{2, 3}))
    refuse("only the mean over both axes of images is understood");
  return add(Op::global_avg_pool, node, {x});
}

}  // namespace pact::onnx_io
