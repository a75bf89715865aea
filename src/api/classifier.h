// Classes for images, by the integer network: lowered from a trained one, run by the engine or, slowly, by the
// reference that the engine is held to.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "data/dataset.h"
#include "data/evaluation.h"
#include "engine/engine.h"
#include "graph/graph.h"
#include "passes/lower/lower.h"

namespace pact::api {

// Raw pixels, NHWC bytes of `count` images, as the input of a graph: [count,C,H,W] of `type`, u8 or f32.
graph::Tensor to_input(std::span<const uint8_t> pixels, int64_t count, const graph::TensorType& type);

enum class Backend { integer, reference };

// Of the lowered network, once the engine has packed them.
enum class Numbers { kept, dropped };

struct ClassifierOptions {
  Backend backend = Backend::integer;
  int threads = 1;
  int64_t max_batch = 1;
  passes::LowerOptions lowering = {};
  Numbers numbers = Numbers::kept;
};

class Classifier {
 public:
  // `trained` as load_model gives it, one input [N,C,H,W] and one output [N,classes]. Throws Error.
  Classifier(graph::Network trained, const ClassifierOptions& options);
  ~Classifier();

  // Raw pixels, NHWC bytes of `count` images, to logits [count, classes]; count is at most max_batch.
  std::vector<float> logits(std::span<const uint8_t> pixels, int64_t count);

  data::ImageShape image() const;
  int64_t classes() const;
  const graph::Network& lowered() const;  // without its numbers where they are dropped
  engine::Engine* engine();  // nullptr for the reference

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Top-1, loss and predictions on all images of `dataset`, in their order.
data::Evaluation classify_all(Classifier& classifier, const data::Dataset& dataset,
                               const std::function<void(int64_t)>& on_progress);

}  // namespace pact::api
