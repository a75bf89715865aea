// Constants and what is computed from them alone (folded here, with kBatch for an open batch), and the
// operators that move elements about.
#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "graph/validity.h"
#include "onnx_io/importer.h"

namespace pact::onnx_io {
namespace {

using graph::DataType;
using graph::Op;
using graph::Tensor;
using graph::ValueId;

// Shapes are short; a file that says otherwise would only take memory.
constexpr size_t kMostExtents = 1024;

Tensor integers_tensor(graph::Shape shape, const std::vector<int64_t>& values) {
  Tensor tensor = Tensor::zeros(DataType::i64, std::move(shape));
  std::ranges::copy(values, tensor.as<int64_t>().begin());
  return tensor;
}

int64_t wrapped(int64_t axis, size_t rank) {
  const auto extent = static_cast<int64_t>(rank);
  if (axis < -extent || axis >= extent) fail("axis {} does not exist in rank {}", axis, rank);
  return axis < 0 ? axis + extent : axis;
}

// The shape that a Reshape of a constant to `target` gives: 0 keeps an extent, one -1 takes what is left.
graph::Shape resolved(const graph::Shape& from, std::vector<int64_t> target, int64_t count) {
  int64_t known = 1, open = -1;
  for (size_t i = 0; i < target.size(); ++i) {
    if (target[i] == 0 && i < from.size()) target[i] = from[i];
    if (target[i] < -1 || (target[i] == -1 && open >= 0)) fail("its target shape is not one");
    if (target[i] == -1) {
      open = static_cast<int64_t>(i);
    } else {
      known = graph::element_count({known, target[i]});
    }
  }
  if (open >= 0 && known > 0) target[static_cast<size_t>(open)] = count / known;
  if (std::ranges::count(target, -1) > 0 || graph::element_count(target) != count)
    fail("its target shape does not have the {} elements of its input", count);
  return target;
}

}  // namespace

// A node of which all inputs are constants; nothing where it is not one of these.
std::optional<Known> Importer::fold(const NodeView& node) {
  const std::string& op = node.op();
  if (op == "Constant") {
    if (const auto* value = node.find("value"); value && value->has_t())
      return Known{.constant = tensor_of(value->t())};
    if (const auto list = node.integers("value_ints"))
      return Known{.constant = integers_tensor({static_cast<int64_t>(list->size())}, *list)};
    if (node.find("value_int")) return Known{.constant = integers_tensor({}, {node.integer("value_int", 0)})};
    if (const auto* value = node.find("value_float")) {
      const float real = value->f();
      return Known{.constant = Tensor::of({}, {&real, 1})};
    }
    fail(ErrorKind::unsupported, "this kind of constant is not understood");
  }
  if (op == "Shape") {
    if (node.find("start") || node.find("end"))
      fail(ErrorKind::unsupported, "start and end are not understood");
    const graph::Shape extents =
        is_constant(node.input(0)) ? constant(node.input(0)).shape : shape(activation(node.input(0)));
    return Known{.constant = integers_tensor({static_cast<int64_t>(extents.size())}, extents)};
  }
  if (node.proto().input_size() == 0) return std::nullopt;
  for (const std::string& input : node.proto().input())
    if (!input.empty() && !is_constant(input)) return std::nullopt;
  if (op == "Identity") return known(node.input(0));
  if (op == "Reshape") {
    Known result = known(node.input(0));
    if (node.integer("allowzero", 0) != 0) fail(ErrorKind::unsupported, "allowzero is not understood");
    result.constant->shape =
        resolved(result.constant->shape, integers(node.input(1)), result.constant->count());
    return result;
  }
  if (op == "Sub" || op == "Mul") return read_scaled(node);
  return fold_integers(node);
}

// Arithmetic with shapes.
std::optional<Known> Importer::fold_integers(const NodeView& node) {
  const std::string& op = node.op();
  const Tensor& x = constant(node.input(0));
  if (x.type != DataType::i64 || x.shape.size() > 1 || x.bytes.size() > kMostExtents * sizeof(int64_t))
    return std::nullopt;
  const std::vector<int64_t> values = integers(node.input(0));
  if (op == "Cast" && node.integer("to", 0) == onnx::TensorProto::INT64) return known(node.input(0));
  if (op == "Gather") {
    const std::vector<int64_t> indices = integers(node.input(1));
    if (indices.size() > kMostExtents) fail(ErrorKind::unsupported, "it gathers too much");
    std::vector<int64_t> taken;
    for (const int64_t index : indices)
      taken.push_back(values[static_cast<size_t>(wrapped(index, values.size()))]);
    return Known{.constant = integers_tensor(constant(node.input(1)).shape, taken)};
  }
  if (op == "Unsqueeze" && x.shape.empty()) return Known{.constant = integers_tensor({1}, values)};
  if (op == "Squeeze" && values.size() == 1) return Known{.constant = integers_tensor({}, values)};
  if (op == "Concat") {
    std::vector<int64_t> all;
    for (const std::string& input : node.proto().input()) {
      const std::vector<int64_t> part = integers(input);
      all.insert(all.end(), part.begin(), part.end());
      if (all.size() > kMostExtents) fail(ErrorKind::unsupported, "it joins too much");
    }
    return Known{.constant = integers_tensor({static_cast<int64_t>(all.size())}, all)};
  }
  return std::nullopt;
}

Known Importer::read_flatten(const NodeView& node) {
  const ValueId x = activation(node.input(0));
  const size_t rank = shape(x).size();
  const int64_t axis = node.integer("axis", 1);
  if (axis != 1 && axis != 1 - static_cast<int64_t>(rank))
    fail(ErrorKind::unsupported, "only axis 1, which keeps the batch, is understood");
  if (rank == 2) return {.value = x};
  return add(Op::flatten, node, {x});
}

// To [batch, all the rest], or to the shape that is there already; a global average pool has dropped its axes
// of extent 1 before.
Known Importer::read_reshape(const NodeView& node) {
  const ValueId x = activation(node.input(0));
  const graph::Shape& from = shape(x);
  const bool is_squeeze = node.op() == "Squeeze";
  const graph::Node* producer = network_.graph.producer(x);
  const bool is_pooled = producer && producer->op == Op::global_avg_pool;
  if (is_squeeze) {
    const auto axes = integers(node, "axes", 1);
    if (!is_pooled || !axes || !std::ranges::all_of(*axes, [](int64_t axis) {
          return axis == 2 || axis == 3 || axis == -1 || axis == -2;
        }))
      fail(ErrorKind::unsupported, "only what a global average pool leaves is squeezed");
    return {.value = x};
  }
  const auto target = integers(node, "shape", 1);
  if (!target) fail("its target shape is missing");
  const int64_t rest = graph::element_count({from.begin() + 1, from.end()});
  const auto keeps_batch = [&](int64_t extent) {
    return extent == 0 || extent == graph::kBatch ||
           (fixed_batch_ != graph::kBatch && extent == fixed_batch_);
  };
  const bool is_flat =
      target->size() == 2 && keeps_batch((*target)[0]) && ((*target)[1] == -1 || (*target)[1] == rest);
  if (!is_flat)
    fail(ErrorKind::unsupported, "reshapes {} to {}; only [batch, {}] is understood", graph::to_string(from),
         graph::to_string(*target), rest);
  if (from.size() == 2) return {.value = x};
  return add(Op::flatten, node, {x});
}

Known Importer::read_slice(const NodeView& node) {
  const ValueId x = activation(node.input(0));
  const graph::Shape& from = shape(x);
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
  const auto pads = integers(node, "pads", 1);
  const bool is_zero = node.input(2).empty() ? node.real("value", 0.0) == 0.0 : scalar(node.input(2)) == 0.0f;
  if (node.word("mode", "constant") != "constant" || !is_zero)
    fail(ErrorKind::unsupported, "only padding with 0 is understood");
  if (!node.input(3).empty()) fail(ErrorKind::unsupported, "axes of a Pad are not understood");
  if (!pads || pads->size() != 2 * rank) fail("its pads are not two per axis");
  if ((*pads)[0] != 0 || (*pads)[rank] != 0) fail(ErrorKind::unsupported, "it pads the batch");
  const auto middle = pads->begin() + static_cast<std::ptrdiff_t>(rank);
  const std::vector<int64_t> before(pads->begin() + 1, middle), after(middle + 1, pads->end());
  return add(Op::pad, node, {x}, {{"before", before}, {"after", after}});
}

}  // namespace pact::onnx_io
