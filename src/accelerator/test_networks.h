// Networks and chips that tests of the accelerator model share.
#pragma once

#include <fmt/format.h>

#include <string>

#include "accelerator/description.h"
#include "accelerator/workload.h"
#include "graph/text.h"

namespace pact::accelerator {

// A description with the given arrays and memory.
inline std::string description(const std::string& arrays, const std::string& memory,
                               const std::string& more = "") {
  return R"({"name": "chip", "description": "of a test", "cores": 1, "precision": "configurable", "arrays": )" +
         arrays +
         R"(, "dataflow": "any", "stationary_buffering": "double", "accumulator_bits": "exact", "clock_ghz": 1,
             "memory": )" +
         memory + more + "}";
}

inline constexpr const char* kFamily = R"({"16": {"rows": 4, "columns": 4}, "8": {"rows": 8, "columns": 4},
                                           "4": {"rows": 8, "columns": 8}, "2": {"rows": 16, "columns": 8}})";
inline std::string memory(double on_chip_kb, double bandwidth_gb_s) {
  return fmt::format(R"({{"on_chip_kb": {}, "bandwidth_gb_s": {},
      "buffers": {{"input_kb": 8, "weight_kb": 8, "accumulator_kb": 8}}}})",
                     on_chip_kb, bandwidth_gb_s);
}

// A residual network of six layers, float, 16 x 16 pixels.
inline graph::Graph small_resnet() {
  return graph::parse(R"(
graph small
input image: f32[N,3,16,16]
param stem.weight: f32[16,3,3,3]
param a.weight: f32[16,16,3,3]
param b.weight: f32[16,16,3,3]
param c.weight: f32[32,16,3,3]
param d.weight: f32[32,32,3,3]
param e.weight: f32[32,16,1,1]
param fc.weight: f32[10,32]
param fc.bias: f32[10]
pixels: f32[N,3,16,16] = normalize(image) mean=[0.0,0.0,0.0] std=[1.0,1.0,1.0]
stem: f32[N,16,16,16] = conv2d(pixels, stem.weight) pads=[1,1,1,1]
r0: f32[N,16,16,16] = relu(stem)
a: f32[N,16,16,16] = conv2d(r0, a.weight) pads=[1,1,1,1]
r1: f32[N,16,16,16] = relu(a)
b: f32[N,16,16,16] = conv2d(r1, b.weight) pads=[1,1,1,1]
s1: f32[N,16,16,16] = add(b, r0)
r2: f32[N,16,16,16] = relu(s1)
c: f32[N,32,8,8] = conv2d(r2, c.weight) pads=[1,1,1,1] strides=[2,2]
r3: f32[N,32,8,8] = relu(c)
d: f32[N,32,8,8] = conv2d(r3, d.weight) pads=[1,1,1,1]
e: f32[N,32,8,8] = conv2d(r2, e.weight) strides=[2,2]
s2: f32[N,32,8,8] = add(d, e)
r4: f32[N,32,8,8] = relu(s2)
pool: f32[N,32] = global_avg_pool(r4)
fc: f32[N,10] = linear(pool, fc.weight, fc.bias)
output fc
)",
                      "small_resnet");
}

inline Workload small_workload(int bits) { return with_bits(make_workload(small_resnet()), {bits, 8, 8, 0}); }

}  // namespace pact::accelerator
