// `pact cosimulate` as a function.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/model.h"
#include "passes/lower/lower.h"
#include "rtl/network.h"

namespace pact::api {

struct CosimulateCommand {
  ModelSource model;
  std::string dataset;  // empty: the one that the run was trained on; "random": drawn pixels, without classes
  passes::LowerOptions lowering = {.requantization = passes::Requantization::fixed};
  rtl::ArraysOptions arrays;
  int64_t images = 1;  // the first ones of the test part
};

struct CosimulateSummary {
  std::string network, dataset;
  std::vector<rtl::Design> designs;
  std::vector<rtl::NodeRun> nodes;  // values and wrong ones of all images; cycles of one
  int64_t images = 0;
  std::optional<int64_t> correct;        // of images that have classes
  int64_t values = 0, wrong = 0;         // of all nodes, against the reference
  int64_t images_unlike_engine = 0;      // whose scores have other bits
  int64_t cycles = 0, model_cycles = 0;  // of the arrays, one image
  int64_t requantize_cycles = 0;         // of the units, one image, what checks accumulators included
  double build_seconds = 0, hardware_seconds = 0;
};

struct CosimulateProgress {
  std::function<void(const std::string&)> on_step;          // a sentence on what begins and takes a while
  std::function<void(double, const std::string&)> on_part;  // of the step that is done, and what is at work
};

// Runs test images, one by one, through Verilated arrays, through the reference and through the engine, and
// compares every value. Throws Error, also when Verilator is missing, and Interrupted (base/child.h).
CosimulateSummary cosimulate(const CosimulateCommand& command, const CosimulateProgress& progress);

}  // namespace pact::api
