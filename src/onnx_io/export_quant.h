// How quantizers are written, in either format.
#pragma once

#include <string>

#include "graph/graph.h"
#include "onnx_io/export.h"
#include "onnx_io/model_writer.h"

namespace pact::onnx_io {

// The name of the values that `node` gives: quant, or dequantize of a weight's codes. Throws Error without
// naming the node.
std::string write_quant(const graph::Network& network, const graph::Node& node, const ExportOptions& options,
                        ModelWriter& writer);

}  // namespace pact::onnx_io
