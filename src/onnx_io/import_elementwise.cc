// Sums, arithmetic with constants, and what clips. Constants are one number for all or one a channel; several
// in a row become one normalize (on the pixels) or one rescale.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "onnx_io/importer.h"

namespace pact::onnx_io {
namespace {

using graph::DataType;
using graph::Op;
using graph::Tensor;
using graph::ValueId;

// The pixels after x * factor + term, for factors above 0:
//   (image - mean) / std * factor + term = (image - (mean - term * std / factor)) / (std / factor)
bool is_absorbed(InputPixels& pixels, const std::vector<double>& factors, const std::vector<double>& terms) {
  if (std::ranges::any_of(factors, [](double factor) { return !(factor > 0.0); })) return false;
  for (size_t c = 0; c < factors.size(); ++c) {
    pixels.std[c] = decimal_of(static_cast<float>(pixels.std[c] / factors[c]));
    pixels.mean[c] = decimal_of(static_cast<float>(pixels.mean[c] - terms[c] * pixels.std[c]));
  }
  return std::ranges::all_of(pixels.std, [](double std) { return std > 0.0 && std::isfinite(std); });
}

}  // namespace

// ONNX lays a constant of one axis along the last axis of what it meets: the columns of an image, not its
// channels.
void Importer::require_not_columns(const std::string& name, const std::string& x) const {
  const FileAxes axes = file_axes(x);
  const Tensor& tensor = constant(name);
  if (tensor.shape.size() == 1 && tensor.count() > 1 && axes.channels + 1 != axes.rank)
    fail(ErrorKind::unsupported,
         "'{}' is {} and meets {} axes: a constant for each column of an image is not understood; one for "
         "each channel has the shape [C,1,1]",
         name, graph::to_string(tensor.shape), axes.rank);
}

// One real number for all channels of x, or one for each.
std::vector<double> Importer::along_channels(const std::string& name, const graph::Shape& x,
                                             bool is_channels_last) const {
  const Tensor& tensor = constant(name);
  const auto channels = static_cast<size_t>(x[1]);
  if (tensor.type != DataType::f32) refuse("'" + name + "' must hold real numbers");
  const auto reals = tensor.as<float>();
  if (reals.size() == 1) return std::vector<double>(channels, decimal_of(reals[0]));
  graph::Shape extents = tensor.shape;
  // What a global average pool leaves has no axes of extent 1 here.
  while (x.size() == 2 && extents.size() > 2 && extents.back() == 1) extents.pop_back();
  extents.insert(extents.begin(), x.size() > extents.size() ? x.size() - extents.size() : 0, 1);
  const size_t axis = is_channels_last ? x.size() - 1 : 1;
  if (reals.size() != channels || extents.size() != x.size() || extents[axis] != x[1])
    fail(ErrorKind::unsupported, "'{}' is {}, neither one real number nor one for each of {} channels", name,
         graph::to_string(tensor.shape), channels);
  std::vector<double> result;
  for (const float real : reals) result.push_back(decimal_of(real));
  return result;
}

Known Importer::read_sum(const NodeView& node) {
  const int count = node.proto().input_size();
  if (count == 0) fail("it has no inputs");
  if (count == 1) return {.value = activation(node.input(0))};
  for (int i = 0; count == 2 && i < 2; ++i) {
    if (!is_constant(node.input(i))) continue;
    const Known& other = known(node.input(1 - i));
    if (!other.layer) return read_arithmetic(node);
    require_not_columns(node.input(i), node.input(1 - i));
    return read_bias(*other.layer, node.input(i));
  }
  ValueId sum = activation(node.input(0));
  for (int i = 1; i < count; ++i)
    sum = network_.graph.add_node(Op::add, name_of(node), {sum, activation(node.input(i))});
  return {.value = sum};
}

// Add, Sub, Mul, Div of something computed and a constant, and Neg.
Known Importer::read_arithmetic(const NodeView& node) {
  const std::string& op = node.op();
  const bool is_first = op == "Neg" || !is_constant(node.input(0));
  const std::string& name = node.input(is_first ? 0 : 1);
  const Known& x = known(name);
  const graph::Shape& extents = shape(x.affine                        ? x.affine->x
                                      : x.pixels                      ? *image_
                                      : x.value && x.is_channels_last ? *x.value
                                                                      : activation(name));
  const auto channels = static_cast<size_t>(extents[1]);
  charge(extents[1], 64);
  std::vector<double> factors(channels, 1.0), terms(channels, 0.0);
  if (op == "Neg") {
    factors.assign(channels, -1.0);
    return read_affine(name, factors, terms);
  }
  if (!is_constant(node.input(is_first ? 1 : 0))) refuse("only sums of two computed values are understood");
  require_not_columns(node.input(is_first ? 1 : 0), name);
  const bool is_last = x.is_channels_last || (x.pixels && x.pixels->is_channels_last);
  const std::vector<double> reals = along_channels(node.input(is_first ? 1 : 0), extents, is_last);
  if (op == "Mul") factors = reals;
  if (op == "Add") terms = reals;
  if (op == "Sub")
    for (size_t c = 0; c < channels; ++c) {
      factors[c] = is_first ? 1.0 : -1.0;
      terms[c] = is_first ? -reals[c] : reals[c];
    }
  if (op == "Div") {
    if (!is_first) refuse("division by something computed is not understood");
    for (size_t c = 0; c < channels; ++c) factors[c] = 1.0 / reals[c];
  }
  const auto is_bad = [](double real) { return !std::isfinite(static_cast<float>(real)); };
  if (std::ranges::any_of(factors, is_bad) || std::ranges::any_of(terms, is_bad))
    fail("its constant makes numbers that are not finite");
  return read_affine(name, factors, terms);
}

Known Importer::read_affine(const std::string& name, const std::vector<double>& factors,
                            const std::vector<double>& terms) {
  const Known& x = known(name);
  if (x.pixels) {
    InputPixels pixels = *x.pixels;
    if (is_absorbed(pixels, factors, terms)) return {.pixels = std::move(pixels)};
  }
  Known result;
  if (x.affine) {
    result.affine = x.affine;
    for (size_t c = 0; c < factors.size(); ++c) {
      result.affine->factors[c] *= factors[c];
      result.affine->terms[c] = result.affine->terms[c] * factors[c] + terms[c];
    }
  } else {
    result.affine = Affine{x.is_channels_last ? *x.value : activation(name), factors, terms};
  }
  if (!x.is_channels_last) return result;
  return {.value = materialize(name, result), .is_channels_last = true};
}

// Relu, Clip, and Min and Max with a constant.
Known Importer::read_clip(const NodeView& node) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::string& op = node.op();
  if (op == "Relu") return clipped(node, 0.0, kInfinity);
  if (op == "Min" || op == "Max") {
    if (node.proto().input_size() != 2 || !is_constant(node.input(1)))
      refuse("only that of something computed and one number behind it is understood");
    const double end = static_cast<double>(scalar(node.input(1)));
    return op == "Min" ? clipped(node, -kInfinity, end) : clipped(node, end, kInfinity);
  }
  const std::string low = node.input(1), high = node.input(2);
  if (known(node.input(0)).codes) return clip_codes(*known(node.input(0)).codes, low, high);
  return clipped(node, !low.empty() ? static_cast<double>(scalar(low)) : node.real("min", -kInfinity),
                 !high.empty() ? static_cast<double>(scalar(high)) : node.real("max", kInfinity));
}

Known Importer::clipped(const NodeView& node, double low, double high) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  const Known& source = known(node.input(0));
  const bool is_last = source.is_channels_last;
  const graph::Shape flattened_from = source.flattened_from;
  const ValueId x = is_last || !flattened_from.empty() ? *source.value : activation(node.input(0));
  if (std::isnan(low) || std::isnan(high)) fail("an end is not a number");
  low = std::clamp(static_cast<double>(static_cast<float>(low)), -kLargest, kLargest);
  high = std::clamp(static_cast<double>(static_cast<float>(high)), -kLargest, kLargest);
  const bool is_relu = low == 0.0 && high >= kLargest;
  Known result;
  if (low <= -kLargest && high >= kLargest)
    result.value = x;
  else if (is_relu)
    result = add(Op::relu, node, {x});
  else
    result = add(Op::clip, node, {x}, {{"low", low}, {"high", high}});
  result.is_channels_last = is_last;
  result.flattened_from = flattened_from;
  return result;
}

// At the end of a classifier: PACT's networks end with the scores from which training and evaluation take it.
Known Importer::read_softmax(const NodeView& node) {
  const ValueId x = activation(node.input(0));
  const int64_t axis = node.integer("axis", opset_ < 13 ? 1 : -1);
  if (shape(x).size() != 2 || (axis != 1 && axis != -1) || !is_output(node.proto().output(0)))
    refuse("it is left out at the end of a classifier, and not understood elsewhere");
  return {.value = x};
}

}  // namespace pact::onnx_io
