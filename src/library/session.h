// What stands behind the public interfaces (include/pact): a model file's network in an engine, with its
// description and one lock.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <pact/engine.h>

#include "engine/engine.h"
#include "model_file/model_file.h"

namespace pact::library {

class Session {
 public:
  // Throws Error.
  Session(model_file::Model model, const EngineOptions& options);

  // See pact::Engine. Throws Error.
  void run(const uint8_t* pixels, size_t images, float* scores, PixelOrder order);
  void run(const float* values, size_t images, float* scores);

  const std::string& name() const { return name_; }
  const TensorInfo& input() const { return input_; }
  const TensorInfo& output() const { return output_; }
  const std::vector<std::string>& classes() const { return classes_; }
  const std::string& instruction_set() const { return instruction_set_; }
  int threads() const { return threads_; }

 private:
  void run_planar(const void* elements, size_t images, float* scores);
  void arrange(const uint8_t* pixels, size_t images, PixelOrder order);

  std::string name_;
  TensorInfo input_, output_;
  std::vector<std::string> classes_;
  std::string instruction_set_;
  int threads_;
  size_t max_batch_;
  engine::Engine engine_;
  std::mutex mutex_;                     // of a run; guards what follows, too
  std::vector<uint8_t> arranged_bytes_;  // max_batch images in the order or type that the network takes
  std::vector<float> arranged_floats_;
};

}  // namespace pact::library
