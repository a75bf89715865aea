// The messages of the ONNX format. This is the one place that includes them; libonnx is used for nothing
// else, so that what we accept and write is decided here and not by its version.
#pragma once

#include <onnx/onnx_pb.h>

namespace pact::onnx_io {

// Types that the headers of Debian 12 (ONNX 1.12) do not know yet. data_type is a plain int, so they need no
// more.
inline constexpr int kUint4 = 21;
inline constexpr int kInt4 = 22;
inline constexpr int kUint2 = 25;
inline constexpr int kInt2 = 26;

inline constexpr const char* kQonnxDomain = "qonnx.custom_op.general";

}  // namespace pact::onnx_io
