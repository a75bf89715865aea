// The operators that move elements about. PACT has channels first, [N,C,H,W], and flattens in that order;
// files from TensorFlow transpose in between, which is followed here as long as the channels return to their
// place, or to a matrix whose columns can be put in order.
#include <algorithm>

#include "base/error.h"
#include "graph/validity.h"
#include "onnx_io/importer.h"

namespace pact::onnx_io {

using graph::Op;
using graph::Shape;
using graph::ValueId;

// x as [batch, the rest], remembering in which order the file has the rest.
Known Importer::flat(const NodeView& node, const Known& x) {
  const ValueId value = x.is_channels_last ? *x.value : activation(node.input(0));
  const Shape from = shape(value);
  Known result{.value = value};
  if (from.size() > 2) result = add(Op::flatten, node, {value});
  if (x.is_channels_last && from[1] > 1 && from[2] * from[3] > 1)
    result.flattened_from = {from[1], from[2], from[3]};
  return result;
}

Known Importer::read_flatten(const NodeView& node) {
  const Known& x = known(node.input(0));
  const int64_t axis = node.integer("axis", 1);
  const size_t rank = shape(x.is_channels_last ? *x.value : activation(node.input(0))).size();
  if (axis != 1 && axis != 1 - static_cast<int64_t>(rank))
    refuse("only axis 1, which keeps the batch, is understood");
  return flat(node, known(node.input(0)));
}

// To [batch, all the rest], or to the shape that is there already; a global average pool has dropped its axes
// of extent 1 before.
Known Importer::read_reshape(const NodeView& node) {
  if (!known(node.input(0)).is_channels_last) activation(node.input(0));
  const Known& x = known(node.input(0));
  const Shape from = shape(*x.value);
  const auto target = integers(node, "shape", 1);
  if (!target) fail("its target shape is missing");
  const int64_t rest = graph::element_count({from.begin() + 1, from.end()});
  const auto keeps_batch = [&](int64_t extent) {
    return extent == 0 || extent == graph::kBatch ||
           (fixed_batch_ != graph::kBatch && extent == fixed_batch_);
  };
  if (target->size() < 2 || !keeps_batch((*target)[0]))
    fail(ErrorKind::unsupported, "reshapes {} to {}, which does not keep the batch", graph::to_string(from),
         graph::to_string(*target));
  std::vector<int64_t> extents(target->begin() + 1, target->end());
  for (size_t i = 0; i < extents.size(); ++i)
    if (extents[i] == 0 && i + 1 < from.size()) extents[i] = from[i + 1];
  const bool is_open = std::ranges::count(extents, -1) == 1;
  const bool is_flat = extents.size() == 1 && (is_open || extents[0] == rest);
  if (is_flat) return flat(node, x);
  if (!x.is_channels_last && Shape(from.begin() + 1, from.end()) == extents) return x;
  // [batch, C] with axes of extent 1 behind or before C.
  if (from.size() == 2) {
    std::erase(extents, 1);
    if (extents.size() <= 1 && (is_open || rest == 1 || extents == std::vector<int64_t>{rest})) return x;
  }
  fail(ErrorKind::unsupported, "reshapes {} to {}; only [batch, {}] is understood", graph::to_string(from),
       graph::to_string(*target), rest);
}

// What a global average pool leaves has the axes of extent 1 dropped already, or does not need them.
Known Importer::read_squeeze(const NodeView& node) {
  if (!known(node.input(0)).is_channels_last) activation(node.input(0));
  const Known& x = known(node.input(0));
  const Shape from = shape(*x.value);
  const bool is_squeeze = node.op() == "Squeeze";
  const bool is_pixel = from.size() == 4 && from[2] == 1 && from[3] == 1 && is_squeeze;
  std::vector<int64_t> axes = integers(node, "axes", 1).value_or(std::vector<int64_t>{});
  if (axes.empty() || (from.size() != 2 && !is_pixel))
    refuse("only axes of extent 1 behind a global pool are squeezed");
  const FileAxes before = file_axes(node.input(0));
  if (axes.size() > graph::kMaxRank) fail("it has {} axes", axes.size());
  const size_t rank = before.rank + (is_squeeze ? 0 : axes.size());
  if (rank > graph::kMaxRank) fail("it would have {} axes", rank);
  for (int64_t& axis : axes) axis = wrapped(axis, rank);
  std::ranges::sort(axes);
  if (std::ranges::adjacent_find(axes) != axes.end()) fail("it names an axis twice");
  if (axes[0] == 0) refuse("it moves the batch from its place");
  if (is_squeeze && from[1] != 1 && std::ranges::count(axes, static_cast<int64_t>(before.channels)) > 0)
    fail("it squeezes axis {}, whose extent is {}", before.channels, from[1]);
  FileAxes& after = file_axes_[node.proto().output(0)];
  after = {is_squeeze ? rank - axes.size() : rank, before.channels};
  for (const int64_t axis : axes) {
    if (is_squeeze && axis < static_cast<int64_t>(before.channels)) --after.channels;
    if (!is_squeeze && axis <= static_cast<int64_t>(after.channels)) ++after.channels;
  }
  // A single channel may be squeezed, too; any other axis of extent 1 stands for it.
  after.channels = std::min(after.channels, after.rank - 1);
  return is_pixel ? flat(node, x) : x;
}

// The axes that the file has behind a node, from those in front of it.
FileAxes Importer::axes_behind(const NodeView& node) const {
  const std::string& op = node.op();
  if (op == "Flatten" || op == "Gemm") return {};
  if (op == "ReduceMean" && node.integer("keepdims", 1) == 0) return {};
  FileAxes axes;
  for (const std::string& input : node.proto().input())
    if (!input.empty() && !is_constant(input) && file_axes(input).rank > axes.rank) axes = file_axes(input);
  if (op == "Conv") return {4, 1};
  if (op == "Transpose") {
    const auto order = node.integers("perm").value_or(std::vector<int64_t>{});
    const auto place = std::ranges::find(order, static_cast<int64_t>(axes.channels));
    if (place != order.end()) axes = {order.size(), static_cast<size_t>(place - order.begin())};
  }
  if (op == "Reshape") {
    const Shape target = integers(node, "shape", 1).value_or(Shape{0, -1});
    const auto is_channels = [&](size_t i) {
      return target[i] > 1 || target[i] == -1 || (target[i] == 0 && i == axes.channels);
    };
    FileAxes to{target.size(), 1};
    while (to.channels < to.rank && !is_channels(to.channels)) ++to.channels;
    axes = to.channels < to.rank ? to : FileAxes{to.rank, 1};
  }
  return axes;
}

Known Importer::read_transpose(const NodeView& node) {
  const std::vector<int64_t> to_first{0, 3, 1, 2}, to_last{0, 2, 3, 1};
  const auto order = node.integers("perm").value_or(std::vector<int64_t>{});
  Known x = known(node.input(0));
  if (x.pixels && x.pixels->is_channels_last) {
    if (order != to_first) refuse("the image has its channels last and must get them first");
    x.pixels->is_channels_last = false;
    return x;
  }
  if (x.is_channels_last) {
    if (order != to_first) refuse("it moves other axes than the channels");
    x.is_channels_last = false;
    return x;
  }
  const ValueId value = activation(node.input(0));
  const size_t rank = shape(value).size();
  if (std::ranges::is_sorted(order) && order.size() == rank) return {.value = value};
  if (order != to_last && order != to_first) refuse("it moves other axes than the channels");
  if (rank == 2) return {.value = value};  // behind a global pool
  if (order != to_last || rank != 4) refuse("it moves other axes than the channels");
  return {.value = value, .is_channels_last = true};
}

Known Importer::read_slice(const NodeView& node) {
  const ValueId x = activation(node.input(0));
  const Shape from = shape(x);
  const auto starts = integers(node, "starts", 1), ends = integers(node, "ends", 2);
  if (!starts || !ends || starts->size() != ends->size()) fail("its starts and ends do not go together");
  std::vector<int64_t> all(starts->size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
  const auto axes = integers(node, "axes", 3).value_or(all);
  const auto steps = integers(node, "steps", 4).value_or(std::vector<int64_t>(all.size(), 1));
  if (axes.size() != all.size() || steps.size() != all.size()) fail("its axes and steps do not go together");
  std::vector<int64_t> begin(from.size() - 1, 0), end(from.begin() + 1, from.end()), step(begin.size(), 1);
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<size_t>(wrapped(axes[i], from.size()));
    if (steps[i] < 1) fail(ErrorKind::unsupported, "steps below 1 are not understood");
    if (axis == 0) {
      if ((*starts)[i] != 0 || steps[i] != 1 || (*ends)[i] < graph::kMaxExtent - 1)
        fail(ErrorKind::unsupported, "it takes a part of the batch");
      continue;
    }
    const int64_t extent = from[axis];
    const auto clamped = [&](int64_t at) {
      return std::clamp(at < 0 ? at + extent : at, int64_t{0}, extent);
    };
    begin[axis - 1] = clamped((*starts)[i]);
    end[axis - 1] = clamped((*ends)[i]);
    step[axis - 1] = std::min(steps[i], extent);
  }
  return add(Op::slice, node, {x}, {{"begin", begin}, {"end", end}, {"step", step}});
}

Known Importer::read_pad(const NodeView& node) {
  const ValueId x = activation(node.input(0));
  const size_t rank = shape(x).size();
  const auto stated = integers(node, "pads", 1);
  const bool is_zero = node.input(2).empty() ? node.real("value", 0.0) == 0.0 : scalar(node.input(2)) == 0.0f;
  if (node.word("mode", "constant") != "constant" || !is_zero) refuse("only padding with 0 is understood");
  if (!stated) fail("its pads are missing");
  std::vector<int64_t> axes(rank);
  for (size_t i = 0; i < rank; ++i) axes[i] = static_cast<int64_t>(i);
  if (!node.input(3).empty()) axes = integers(node.input(3));
  if (stated->size() != 2 * axes.size()) fail("its pads are not two per axis");
  std::vector<int64_t> before(rank, 0), after(rank, 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<size_t>(wrapped(axes[i], rank));
    before[axis] = (*stated)[i];
    after[axis] = (*stated)[i + axes.size()];
    if (before[axis] < 0 || after[axis] < 0) refuse("it cuts away, which is a Slice");
    if (before[axis] > graph::kMaxExtent || after[axis] > graph::kMaxExtent) fail("it pads beyond 2^31");
  }
  if (before[0] != 0 || after[0] != 0) refuse("it pads the batch");
  const Padded padded{x, {before.begin() + 1, before.end()}, {after.begin() + 1, after.end()}};
  return {.padded = padded};
}

}  // namespace pact::onnx_io
