// Runs a network that `pact export RUN -o MODEL.pact` wrote. C++17; link with pact::engine (CMake) or
// `pkg-config --libs pact-engine`. docs/library.md shows a whole program.
//
//   pact::Engine engine("model.pact");
//   std::vector<float> scores = engine.run(pixels, pact::PixelOrder::interleaved);
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <pact/error.h>

namespace pact {

namespace library {
class Session;
}

enum class ElementType { u8, f32 };

// How the pixels of an image lie.
enum class PixelOrder {
  planar,      // [channels][height][width]: all red, all green, all blue
  interleaved  // [height][width][channels]: red green blue, red green blue, ..., as image files are decoded
};

struct TensorInfo {
  std::string name;
  ElementType type = ElementType::u8;
  std::vector<int64_t> shape;  // of one image, without the batch: [channels, height, width], or [classes]
  size_t count = 0;            // elements of one image: the product of shape
};

struct EngineOptions {
  int threads = 1;        // 1 to 1024; 0: one per core that the process may use
  // Images of a run, 1 to 65536; more are run in parts, and fewer where caches want it.
  int64_t max_batch = 1;
  // "portable", "x86_avx2", ...; empty: the best of this CPU, or what the environment's PACT_FORCE_ISA names.
  // Likewise PACT_FORCE_ALGORITHM names the algorithm of integer layers, docs/library.md. Scores have the
  // same bits with each of them, and with any number of threads.
  std::string instruction_set = {};
  // Networks whose values and scratch memory, for the images that are run at once, would take more are refused.
  size_t max_memory_bytes = size_t{1} << 30;
};

class PACT_API Engine {
 public:
  // Both throw Error on a file that is missing, damaged, foreign or beyond the options; any bytes are safe to
  // give.
  explicit Engine(const std::string& path, const EngineOptions& options = {});
  static Engine from_memory(const void* bytes, size_t size, const EngineOptions& options = {});
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  const std::string& name() const;  // of the network
  // Raw pixels, 0 to 255, in colour in the order red green blue: normalization is inside the network.
  const TensorInfo& input() const;
  const TensorInfo& output() const;                 // always f32: one score (logit) per class
  const std::vector<std::string>& classes() const;  // their names; empty where the file does not tell
  const std::string& instruction_set() const;       // the one in use
  int threads() const;

  // `images` images to as many outputs: reads images * input().count elements, writes images *
  // output().count. Works for networks of either input type. Calls from several threads wait for each other;
  // engines of their own run side by side. Throws Error on null pointers, no images, or interleaved pixels
  // for a network whose input is not [channels, height, width].
  void run(const uint8_t* pixels, size_t images, float* scores, PixelOrder order = PixelOrder::planar);
  // For networks whose input is f32; others refuse.
  void run(const float* values, size_t images, float* scores);

  // The same; also throws Error when the size is no multiple of input().count.
  std::vector<float> run(const std::vector<uint8_t>& pixels, PixelOrder order = PixelOrder::planar);

 private:
  explicit Engine(std::unique_ptr<library::Session> session);
  std::unique_ptr<library::Session> session_;
};

}  // namespace pact
