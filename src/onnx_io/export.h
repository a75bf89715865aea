// Writes a trained network as an ONNX file. docs/onnx.md says what the file holds, quantizer by quantizer.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace pact::onnx_io {

enum class Format {
  qcdq,   // QuantizeLinear, Clip, DequantizeLinear: opset 13, runs in every ONNX runtime
  qonnx,  // Quant nodes of the QONNX dialect: opset 11, for FINN, hls4ml and qonnx
};
enum class Pixels { f32, u8 };  // the type of the input: 0 to 255 either way
enum class Storage {
  bytes,
  packed,            // codes of up to 4 bits as INT4 and UINT4, which takes opset 21
  packed_to_2_bits,  // and those of up to 2 bits as INT2 and UINT2, which takes opset 25
};

struct ExportOptions {
  Format format = Format::qcdq;
  Pixels pixels = Pixels::f32;
  Storage storage = Storage::bytes;  // of the weights; QONNX knows bytes only
  std::vector<std::string> classes = {};  // names of the scores; empty where they are not known
};

std::string_view name_of(Format format);  // "qcdq", "qonnx"
Format format_of(std::string_view name);  // throws Error on an unknown name

// The bytes of the file. The input takes the name it has in the graph (image), NCHW raw pixels, batch N;
// quantized weights and activations get the codes that training computed. Throws one Error that names every
// node without an ONNX form, and Error when a quantizer's alpha or weights make no grid, or when a class has no name or
// one of several lines.
std::string export_onnx(const graph::Network& trained, const ExportOptions& options);

}  // namespace pact::onnx_io
