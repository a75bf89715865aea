// Constants and what is computed from them alone, with kBatch for an open batch: the arithmetic with shapes
// that exporters leave in files, and what they did not fold of weights.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "graph/grids.h"
#include "graph/validity.h"
#include "onnx_io/importer.h"
#include "onnx_io/transpose.h"

namespace pact::onnx_io {
namespace {

using graph::DataType;
using graph::Shape;
using graph::Tensor;

// Shapes are short; a file that says otherwise would only take memory.
constexpr size_t kMostExtents = 1024;

Tensor integers_tensor(Shape shape, const std::vector<int64_t>& values) {
  Tensor tensor = Tensor::zeros(DataType::i64, std::move(shape));
  std::ranges::copy(values, tensor.as<int64_t>().begin());
  return tensor;
}

// The shape that a Reshape of a constant to `target` gives: 0 keeps an extent, one -1 takes what is left.
Shape resolved(const Shape& from, std::vector<int64_t> target, int64_t count) {
  if (target.size() > graph::kMaxRank) fail("its target shape has {} axes", target.size());
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

// Units survive where their axis keeps its place.
Units reshaped(Units units, const Shape& from, const Shape& to) {
  const bool is_kept =
      units.each.size() <= 1 || (units.axis == 0 && !from.empty() && !to.empty() && from[0] == to[0]);
  return is_kept ? units : Units{};
}

Shape broadcast(const Shape& a, const Shape& b) {
  Shape shape(std::max(a.size(), b.size()), 1);
  for (size_t i = 1; i <= shape.size(); ++i) {
    const int64_t one = i <= a.size() ? a[a.size() - i] : 1, other = i <= b.size() ? b[b.size() - i] : 1;
    if (one != other && one != 1 && other != 1)
      fail("{} and {} do not go together", graph::to_string(a), graph::to_string(b));
    shape[shape.size() - i] = one == 1 ? other : one;
  }
  return shape;
}

// The element of a tensor of shape `from` that broadcasting puts at element `at` of shape `to`.
size_t source_of(size_t at, const Shape& from, const Shape& to) {
  size_t result = 0, stride = 1;
  for (size_t i = 1; i <= to.size(); ++i) {
    const auto extent = static_cast<size_t>(to[to.size() - i]);
    const size_t place = at % extent;
    at /= extent;
    if (i > from.size()) continue;
    const auto own = static_cast<size_t>(from[from.size() - i]);
    result += (own == 1 ? 0 : place) * stride;
    stride *= own;
  }
  return result;
}

float real_result(const std::string& op, float a, float b) {
  if (op == "Add") return a + b;
  if (op == "Sub") return a - b;
  if (op == "Mul") return a * b;
  if (op == "Div") return a / b;
  return std::pow(a, b);
}

// Of extents and indices; anything that would overflow is none.
int64_t integer_result(const std::string& op, int64_t a, int64_t b) {
  const auto is_small = [](int64_t each) { return each >= -graph::kMaxExtent && each <= graph::kMaxExtent; };
  if (!is_small(a) || !is_small(b)) fail("{} and {} are too large", a, b);
  if (a == graph::kBatch || b == graph::kBatch)
    fail(ErrorKind::unsupported, "arithmetic with the open batch is not understood");
  if (op == "Add") return a + b;
  if (op == "Sub") return a - b;
  if (op == "Mul") return a * b;
  if (op != "Div" || b == 0) fail(ErrorKind::unsupported, "{} of {} and {} is not understood", op, a, b);
  return a / b;
}

// Factors of a constant of shape `to` as its units: one for all, or one for each extent of an axis; others are none.
Units units_along(const Tensor& factors, const Shape& to) {
  const auto reals = factors.as<float>();
  if (reals.size() == 1) return {.each = {reals[0]}};
  const size_t left_out = to.size() - std::min(to.size(), factors.shape.size());
  for (size_t axis = left_out; axis < to.size(); ++axis)
    if (factors.shape[axis - left_out] == factors.count() && to[axis] == factors.count())
      return {.each = {reals.begin(), reals.end()}, .axis = axis};
  return {};
}

}  // namespace

// A node of which all inputs are constants; nothing where it is not one of these.
std::optional<Known> Importer::fold(const NodeView& node) {
  if (node.op() == "Constant") return fold_constant(node);
  if (node.op() == "Shape") return fold_shape(node);
  if (node.proto().input_size() == 0) return std::nullopt;
  for (const std::string& input : node.proto().input())
    if (!input.empty() && !is_constant(input)) return std::nullopt;
  return fold_constants(node);
}

Known Importer::fold_constant(const NodeView& node) {
  if (const auto* value = node.find("value"); value && value->has_t())
    return {.constant = tensor_of(value->t(), external_), .code_bits = code_bits_of(value->t())};
  if (const auto list = node.integers("value_ints"))
    return {.constant = integers_tensor({static_cast<int64_t>(list->size())}, *list)};
  if (node.find("value_int")) return {.constant = integers_tensor({}, {node.integer("value_int", 0)})};
  if (const auto* value = node.find("value_float")) {
    const float real = value->f();
    return {.constant = Tensor::of({}, {&real, 1})};
  }
  if (const auto* value = node.find("value_floats")) {
    const std::vector<float> reals(value->floats().begin(), value->floats().end());
    return {.constant = Tensor::of({static_cast<int64_t>(reals.size())}, reals)};
  }
  fail(ErrorKind::unsupported, "this kind of constant is not understood");
}

Known Importer::fold_shape(const NodeView& node) {
  Shape extents;
  if (is_constant(node.input(0))) {
    extents = stored(node.input(0)).constant->shape;
  } else if (const Known& x = known(node.input(0)); x.pixels) {
    extents = shape(*image_);
    if (x.pixels->is_channels_last) std::rotate(extents.begin() + 1, extents.begin() + 2, extents.end());
  } else if (x.codes) {
    extents = shape(x.codes->x);
  } else if (x.value && x.is_channels_last) {
    extents = shape(*x.value);
    std::rotate(extents.begin() + 1, extents.begin() + 2, extents.end());
  } else {
    extents = shape(activation(node.input(0)));
  }
  const auto rank = static_cast<int64_t>(extents.size());
  const auto clamped = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank); };
  const int64_t start = clamped(node.integer("start", 0)), end = clamped(node.integer("end", rank));
  const Shape part(extents.begin() + start, extents.begin() + std::max(start, end));
  return {.constant = integers_tensor({static_cast<int64_t>(part.size())}, part)};
}

std::optional<Known> Importer::fold_constants(const NodeView& node) {
  const std::string& op = node.op();
  if (op == "Identity" || op == "Dropout") return known(node.input(0));
  if (op == "Transpose") return fold_transpose(node);
  if (op == "Add" || op == "Sub" || op == "Mul" || op == "Div" || op == "Pow") return fold_arithmetic(node);
  const bool keeps_numbers = op == "Reshape" || op == "Flatten" || op == "Unsqueeze" || op == "Squeeze";
  const Tensor& x = keeps_numbers ? *stored(node.input(0)).constant : constant(node.input(0));
  if (op == "ConstantOfShape") {
    Shape target = integers(node.input(0));
    if (target.size() > graph::kMaxRank ||
        std::ranges::any_of(target, [](int64_t each) { return each < 0 || each > graph::kMaxExtent; }))
      fail("its shape is {}", graph::to_string(target));
    const auto* value = node.find("value");
    const Tensor one = value && value->has_t() ? tensor_of(value->t(), external_) : Tensor::of({1}, {{0.0f}});
    if (one.count() != 1) fail("its value must be one number");
    const auto count = static_cast<size_t>(graph::element_count(target));
    require_budget(static_cast<int64_t>(count), one.bytes.size());
    Known result{.constant = Tensor::zeros(one.type, target)};
    std::vector<std::byte>& bytes = result.constant->bytes;
    if (bytes.empty()) return result;
    std::ranges::copy(one.bytes, bytes.begin());
    for (size_t done = one.bytes.size(); done < bytes.size(); done *= 2)
      std::memcpy(bytes.data() + done, bytes.data(), std::min(done, bytes.size() - done));
    return result;
  }
  if (keeps_numbers) {
    Known result = known(node.input(0));
    Shape target;
    if (op == "Reshape") {
      if (node.integer("allowzero", 0) != 0) fail(ErrorKind::unsupported, "allowzero is not understood");
      const auto stated = integers(node, "shape", 1);
      if (!stated) fail("its target shape is missing");
      target = resolved(x.shape, *stated, x.count());
    } else if (op == "Flatten") {
      const int64_t axis = node.integer("axis", 1);
      if (axis < 0 || axis > static_cast<int64_t>(x.shape.size())) fail("axis {} does not exist", axis);
      target = {graph::element_count({x.shape.begin(), x.shape.begin() + axis}),
                graph::element_count({x.shape.begin() + axis, x.shape.end()})};
    } else {
      auto axes = integers(node, "axes", 1).value_or(std::vector<int64_t>{});
      target = x.shape;
      const size_t rank = x.shape.size() + (op == "Unsqueeze" ? axes.size() : 0);
      if (rank > graph::kMaxRank) fail("it would have {} axes", rank);
      for (int64_t& axis : axes) axis = wrapped(axis, rank);
      std::ranges::sort(axes);
      if (std::ranges::adjacent_find(axes) != axes.end()) fail("it names an axis twice");
      if (op == "Unsqueeze")
        for (const int64_t axis : axes)
          target.insert(target.begin() + std::min(axis, static_cast<int64_t>(target.size())), 1);
      else if (axes.empty())
        std::erase(target, 1);
      else
        for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) target.erase(target.begin() + *axis);
      if (graph::element_count(target) != x.count()) fail("it squeezes an axis whose extent is not 1");
    }
    Units units = reshaped(result.units, x.shape, target);
    if (x.type == DataType::i16 && units.each.empty()) result.constant = values_of(result);
    result.units = std::move(units);
    result.constant->shape = std::move(target);
    return result;
  }
  if (op == "QuantizeLinear") return fold_quantize(node);
  if (op == "DequantizeLinear") return fold_dequantize(node);
  if (op == "Sqrt" && x.type == DataType::f32) {
    Known result{.constant = x};
    for (float& each : result.constant->as<float>()) each = std::sqrt(each);
    return result;
  }
  if (op == "Clip" && x.type != DataType::f32 && x.type != DataType::i64) {
    Known result = known(node.input(0));
    const auto end = [&](int i, int otherwise) {
      if (node.input(i).empty()) return otherwise;
      const Tensor& tensor = constant(node.input(i));
      if (tensor.type != x.type || tensor.count() != 1) fail("'{}' must be one code", node.input(i));
      return code_at(tensor, 0);
    };
    const int low = end(1, -128), high = end(2, 255);
    for (size_t i = 0; i < x.bytes.size(); ++i)
      result.constant->bytes[i] = static_cast<std::byte>(std::min(std::max(code_at(x, i), low), high));
    return result;
  }
  if (op == "Cast" && x.type == DataType::i64 && node.integer("to", 0) == onnx::TensorProto::FLOAT) {
    std::vector<float> reals;
    for (const int64_t each : x.as<int64_t>()) reals.push_back(static_cast<float>(each));
    return Known{.constant = Tensor::of(x.shape, reals)};
  }
  if (op == "Cast" && x.type == DataType::f32) {
    const auto to = static_cast<int>(node.integer("to", 0));
    if (to == onnx::TensorProto::FLOAT || to == onnx::TensorProto::DOUBLE || is_half(to))
      return known(node.input(0));
  }
  return fold_integers(node);
}

Known Importer::fold_transpose(const NodeView& node) {
  const Known& x = known(node.input(0));
  std::vector<int64_t> order = node.integers("perm").value_or(std::vector<int64_t>{});
  if (order.empty())
    for (size_t i = x.constant->shape.size(); i-- > 0;) order.push_back(static_cast<int64_t>(i));
  Known result{.constant = transposed(*x.constant, order), .units = x.units, .code_bits = x.code_bits};
  for (size_t i = 0; i < order.size(); ++i)
    if (x.units.each.size() > 1 && static_cast<size_t>(order[i]) == x.units.axis) result.units.axis = i;
  return result;
}

// PACT writes odd grids whose odd numbers do not fit their type as integers times 2, minus a number, times the unit:
// integers and units remain just that. Nothing where the arithmetic is another.
std::optional<Known> Importer::fold_multiplicands(const NodeView& node) const {
  const Known &a = stored(node.input(0)), &b = stored(node.input(1));
  if (a.constant->type != DataType::i16 || b.constant->type != DataType::f32 || a.units.each.size() != 1)
    return std::nullopt;
  const float unit = a.units.each[0];
  const auto is_small_integer = [](float real) {
    return real == std::floor(real) && std::abs(real) <= 256.0f;
  };
  if (broadcast(a.constant->shape, b.constant->shape) != a.constant->shape) return std::nullopt;
  if (node.op() == "Sub" && b.constant->count() == 1) {
    const float term = b.constant->as<float>()[0];
    if (!is_small_integer(unit) || !is_small_integer(term)) return std::nullopt;
    Known result{.constant = a.constant, .units = {.each = {1.0f}}};
    for (int16_t& each : result.constant->as<int16_t>()) {
      const int exact = each * static_cast<int>(unit) - static_cast<int>(term);
      if (!std::in_range<int16_t>(exact)) return std::nullopt;
      each = static_cast<int16_t>(exact);
    }
    return result;
  }
  if (node.op() != "Mul" || unit != 1.0f) return std::nullopt;
  Units units = units_along(*b.constant, a.constant->shape);
  if (units.each.empty()) return std::nullopt;
  return Known{.constant = a.constant, .units = std::move(units)};
}

// Add, Sub, Mul, Div, Pow with broadcasting. Where integers times a unit become others, the units are known.
Known Importer::fold_arithmetic(const NodeView& node) {
  const std::string& op = node.op();
  if (std::optional<Known> exact = fold_multiplicands(node)) return std::move(*exact);
  constant(node.input(0));
  constant(node.input(1));
  const Known &a = known(node.input(0)), &b = known(node.input(1));
  if (a.constant->type != b.constant->type) fail("its inputs are of two types");
  const DataType type = a.constant->type;
  if (type != DataType::f32 && type != DataType::i64)
    fail(ErrorKind::unsupported, "arithmetic with codes is not understood");
  const Shape to = broadcast(a.constant->shape, b.constant->shape);
  const int64_t count = graph::element_count(to);
  require_budget(count, 4 * size_bytes(type));  // it takes its time, too
  Known result{.constant = Tensor::zeros(type, to)};
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    const size_t left = source_of(i, a.constant->shape, to), right = source_of(i, b.constant->shape, to);
    if (type == DataType::f32)
      result.constant->as<float>()[i] =
          real_result(op, a.constant->as<float>()[left], b.constant->as<float>()[right]);
    else
      result.constant->as<int64_t>()[i] =
          integer_result(op, a.constant->as<int64_t>()[left], b.constant->as<int64_t>()[right]);
  }
  const bool has_units = type == DataType::f32 && !a.units.each.empty();
  if (has_units && op == "Mul") result.units = units_along(*b.constant, to);
  if (has_units && op == "Sub" && b.constant->count() == 1) result.units.each = {1.0f};
  return result;
}

// Arithmetic with shapes.
std::optional<Known> Importer::fold_integers(const NodeView& node) {
  const std::string& op = node.op();
  const Tensor& x = constant(node.input(0));
  if (x.type != DataType::i64 || x.shape.size() > 1 || x.bytes.size() > kMostExtents * sizeof(int64_t))
    return std::nullopt;
  const std::vector<int64_t> values = integers(node.input(0));
  const int64_t to = node.integer("to", 0);
  if (op == "Cast" && (to == onnx::TensorProto::INT64 || to == onnx::TensorProto::INT32))
    return known(node.input(0));
  if (op == "Gather") {
    const std::vector<int64_t> indices = integers(node.input(1));
    if (indices.size() > kMostExtents) fail(ErrorKind::unsupported, "it gathers too much");
    std::vector<int64_t> taken;
    for (const int64_t index : indices)
      taken.push_back(values[static_cast<size_t>(wrapped(index, values.size()))]);
    return Known{.constant = integers_tensor(constant(node.input(1)).shape, taken)};
  }
  if (op == "Slice") {
    const auto starts = integers(node, "starts", 1), ends = integers(node, "ends", 2);
    const auto steps = integers(node, "steps", 4).value_or(std::vector<int64_t>{1});
    if (!starts || !ends || starts->size() != 1 || ends->size() != 1 || steps != std::vector<int64_t>{1})
      fail(ErrorKind::unsupported, "only a part of a shape is understood");
    const auto rank = static_cast<int64_t>(values.size());
    const auto at = [&](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + rank : i, 0, rank); };
    const int64_t first = at((*starts)[0]), last = std::max(first, at((*ends)[0]));
    const std::vector<int64_t> part(values.begin() + first, values.begin() + last);
    return Known{.constant = integers_tensor({last - first}, part)};
  }
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

}  // namespace pact::onnx_io
