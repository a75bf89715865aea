// Puts an ONNX model together: nodes and initializers by name, each node with one output of its own name.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/tensor.h"
#include "onnx_io/proto.h"

namespace pact::onnx_io {

// Adds attributes to the node just made: writer.node(...).ints("pads", {...}).integer("group", 1).
class NodeWriter {
 public:
  explicit NodeWriter(onnx::NodeProto& node) : node_(node) {}
  NodeWriter& integer(const char* name, int64_t value);
  NodeWriter& ints(const char* name, std::span<const int64_t> values);
  NodeWriter& real(const char* name, double value);
  NodeWriter& word(const char* name, const std::string& value);
  NodeWriter& domain(const char* name);
  const std::string& output() const { return node_.output(0); }

 private:
  onnx::AttributeProto& add(const char* name, onnx::AttributeProto::AttributeType type);
  onnx::NodeProto& node_;
};

// Every member throws Error when a name is taken.
class ModelWriter {
 public:
  ModelWriter(const std::string& graph_name, int ir_version, int opset);

  void import_domain(const char* domain, int version);
  void metadata(const std::string& key, const std::string& value);
  // An open batch becomes the symbolic extent N.
  void input(const std::string& name, int type, const graph::Shape& shape);
  void output(const std::string& name, const graph::Shape& shape);

  NodeWriter node(const char* op, const std::string& name, const std::vector<std::string>& inputs);

  // Each returns `name`. The same numbers may be given again under it.
  std::string floats(const std::string& name, const graph::Shape& shape, std::span<const float> values);
  std::string scalar(const std::string& name, float value) { return floats(name, {}, {&value, 1}); }
  std::string int64s(const std::string& name, std::span<const int64_t> values);
  std::string raw(const std::string& name, int type, const graph::Shape& shape, std::string bytes);

  std::string serialize() const;  // throws Error beyond the 2 GiB that the format admits

 private:
  void take(const std::string& name);

  onnx::ModelProto model_;
  onnx::GraphProto& graph_;
  std::set<std::string> names_;
  std::map<std::string, int> initializers_;
};

}  // namespace pact::onnx_io
