// `pact eval` as a function.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "api/model.h"
#include "data/dataset.h"
#include "data/evaluation.h"
#include "passes/lower/lower.h"

namespace pact::api {

enum class Arithmetic {
  real,       // the fake-quantized network in float32, as training computes it
  integer,    // lowered, in the engine
  reference,  // lowered, in the slow evaluator
};
// "float", "int", "reference". Throws Error.
Arithmetic arithmetic_of(const std::string& engine);
std::string_view name_of(Arithmetic arithmetic);

struct RealEvaluation {
  int threads = 0;
  std::string device = "cpu";  // or "cuda"
  std::function<void(int64_t images_done)> on_progress;
};
// Runs a network as training computes it, which takes libtorch.
using RealEvaluator =
    std::function<data::Evaluation(const graph::Network&, const data::Dataset&, const RealEvaluation&)>;

struct EvaluateCommand {
  ModelSource model;
  std::string dataset;  // empty: the one that the run was trained on
  // None: real, but integer where the model's weights are codes already.
  std::optional<Arithmetic> arithmetic;
  // How the integer network requantizes; with one, the arithmetic is integer unless it is the reference.
  std::optional<passes::LowerOptions> lowering = {};
  int threads = 0;             // 0: one per core
  std::string device = "cpu";  // or "cuda", of real arithmetic
  int64_t images = 0;    // only the first ones; 0: all
  RealEvaluator evaluate_real = {};  // empty in a program built without training
  std::filesystem::path predictions =
      {};  // file for one class index an image and line; empty: none is written
};

struct EvaluateSummary {
  data::Evaluation evaluation;
  std::vector<std::string> notes;  // of the data set, for example images that were left out
  std::string network, dataset;
  Arithmetic arithmetic = Arithmetic::real;
};

// Top-1 on the test part. Throws Error, also when the arithmetic is real and the program was built without
// it. `on_progress` gets images done and images in all; what should be known before, command.model.on_note.
EvaluateSummary evaluate(const EvaluateCommand& command,
                         const std::function<void(int64_t, int64_t)>& on_progress);

}  // namespace pact::api
