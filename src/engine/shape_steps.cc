// flatten, slice and pad, which move elements and never change them. All are one table per image, made once:
// output element i is input element table[i], or +0 where that is negative. Several that follow one another are one
// table, too. What runs is a list of runs.
#include <fmt/format.h>

#include <cstring>

#include "engine/layout.h"
#include "engine/steps.h"

namespace pact::engine {
namespace {

using graph::Node;
using graph::Shape;

// Where element [c, position...] of an image of `shape` [N,C,...] lies, channels last.
int64_t place_of(const Shape& shape, const Shape& index) {
  int64_t pixel = 0;
  for (size_t axis = 2; axis < shape.size(); ++axis) pixel = pixel * shape[axis] + index[axis - 1];
  return pixel * shape[1] + index[0];
}

// Calls visit(index [c, position...]) for every element of an image, in row-major order.
template <typename Visit>
void for_elements(const Shape& shape, Visit visit) {
  Shape index(shape.size() - 1, 0);
  for (int64_t left = graph::element_count({shape.begin() + 1, shape.end()}); left > 0; --left) {
    visit(index);
    for (size_t axis = index.size(); axis-- > 0;) {
      if (++index[axis] < shape[axis + 1]) break;
      index[axis] = 0;
    }
  }
}

// Elements that lie side by side in the input, too, or zeros.
struct Run {
  int64_t from;  // kZeros: there is no input
  int64_t count;
};
constexpr int64_t kZeros = -1;

std::vector<Run> runs_of(const std::vector<int64_t>& table) {
  std::vector<Run> runs;
  for (const int64_t from : table) {
    const bool goes_on = !runs.empty() && (from == kZeros ? runs.back().from == kZeros
                                                          : runs.back().from != kZeros &&
                                                                runs.back().from + runs.back().count == from);
    if (!goes_on) runs.push_back({.from = from, .count = 0});
    ++runs.back().count;
  }
  return runs;
}

using Table = std::vector<int64_t>;

Table flatten_table(const StepContext& context, const Node& node) {
  const Shape& x = context.type_of(node.inputs[0]).shape;
  Table table;
  for_elements(x, [&](const Shape& index) { table.push_back(place_of(x, index)); });
  return table;
}

Table slice_table(const StepContext& context, const Node& node) {
  const Shape& x = context.type_of(node.inputs[0]).shape;
  const Shape& y = context.type_of(node.output).shape;
  const auto& begin = node.integers("begin");
  const auto& step = node.integers("step");
  Table table(static_cast<size_t>(layout_of(y).count()));
  for_elements(y, [&](const Shape& index) {
    Shape from = index;
    for (size_t i = 0; i < from.size(); ++i) from[i] = begin[i] + index[i] * step[i];
    table[static_cast<size_t>(place_of(y, index))] = place_of(x, from);
  });
  return table;
}

Table pad_table(const StepContext& context, const Node& node) {
  const Shape& x = context.type_of(node.inputs[0]).shape;
  const Shape& y = context.type_of(node.output).shape;
  const auto& before = node.integers("before");
  Table table(static_cast<size_t>(layout_of(y).count()), kZeros);
  for_elements(x, [&](const Shape& index) {
    Shape to = index;
    for (size_t i = 0; i < to.size(); ++i) to[i] += before[i];
    table[static_cast<size_t>(place_of(y, to))] = place_of(x, index);
  });
  return table;
}

Table table_of(const StepContext& context, const Node& node) {
  return node.op == graph::Op::flatten ? flatten_table(context, node)
         : node.op == graph::Op::slice ? slice_table(context, node)
                                       : pad_table(context, node);
}

}  // namespace

Step make_moves(const StepContext& context, std::span<const graph::NodeId> nodes) {
  const Node& first = context.network.graph.node(nodes.front());
  const Node& last = context.network.graph.node(nodes.back());
  Table table = table_of(context, first);
  Step step;
  step.name = first.name;
  step.algorithm = name_of(first.op);
  for (const graph::NodeId id : nodes.subspan(1)) {
    const Node& node = context.network.graph.node(id);
    Table next = table_of(context, node);
    for (int64_t& from : next)
      if (from != kZeros) from = table[static_cast<size_t>(from)];
    table = std::move(next);
    step.algorithm += fmt::format(" + {}", name_of(node.op));
  }
  step.reads = {first.inputs[0]};
  step.writes = {last.output};
  const int64_t in_count = layout_of(context.type_of(first.inputs[0]).shape).count();
  const auto out_count = static_cast<int64_t>(table.size());
  const auto element = static_cast<int64_t>(size_bytes(context.type_of(last.output).dtype));
  step.run = [=, runs = runs_of(table), x_id = first.inputs[0],
              y_id = last.output](const Workspace& workspace) {
    workspace.pool->parallel_for(workspace.batch, [&](int64_t image, int) {
      const std::byte* x = workspace.at<std::byte>(x_id) + image * in_count * element;
      std::byte* y = workspace.at<std::byte>(y_id) + image * out_count * element;
      for (const Run& run : runs) {
        const int64_t bytes = run.count * element;
        if (run.from == kZeros)
          std::memset(y, 0, static_cast<size_t>(bytes));
        else if (bytes == 4)  // no call where every element goes its own way
          std::memcpy(y, x + run.from * element, 4);
        else
          std::memcpy(y, x + run.from * element, static_cast<size_t>(bytes));
        y += bytes;
      }
    });
  };
  return step;
}

}  // namespace pact::engine
