#include "library/session.h"

#include <algorithm>

#include "base/cpu.h"
#include "base/error.h"
#include "base/strings.h"
#include "library/memory_bound.h"

namespace pact::library {
namespace {

constexpr int kMaxThreads = 1024;
constexpr int64_t kMaxBatch = 65536;

TensorInfo describe(const graph::Value& value) {
  TensorInfo info;
  info.name = value.name;
  info.type = value.type.dtype == graph::DataType::u8 ? ElementType::u8 : ElementType::f32;
  info.shape.assign(value.type.shape.begin() + 1, value.type.shape.end());
  info.count = static_cast<size_t>(graph::element_count(info.shape));
  return info;
}

Isa isa_of(const std::string& name) {
  if (name.empty()) return selected_isa();
  std::vector<std::string> names;
  for (const Isa isa : available_isas()) {
    if (name_of(isa) == name) return isa;
    names.emplace_back(name_of(isa));
  }
  fail(ErrorKind::unsupported, "instruction_set '{}': this CPU offers {}", name, join(names));
}

engine::EngineOptions checked(const graph::Graph& graph, const EngineOptions& options) {
  if (options.threads < 0 || options.threads > kMaxThreads)
    fail(ErrorKind::usage, "threads must be from 0 to {}, not {}", kMaxThreads, options.threads);
  if (options.max_batch < 1 || options.max_batch > kMaxBatch)
    fail(ErrorKind::usage, "max_batch must be from 1 to {}, not {}", kMaxBatch, options.max_batch);
  require_memory(graph, options.max_memory_bytes);
  return {.isa = isa_of(options.instruction_set),
          .threads = options.threads > 0 ? options.threads : std::min(usable_cores(), kMaxThreads),
          .max_batch = options.max_batch,
          .max_memory_bytes = options.max_memory_bytes};
}

void require_buffers(const void* from, size_t images, const void* to) {
  if (!from || !to) fail(ErrorKind::usage, "the {} are a null pointer", from ? "scores" : "images");
  if (images < 1 || images > size_t{1} << 40) fail(ErrorKind::usage, "{} images cannot be run", images);
}

// to[channel][pixel] = from[pixel][channel]
template <typename Element>
void to_planar(const uint8_t* from, size_t channels, size_t pixels, Element* to) {
  for (size_t channel = 0; channel < channels; ++channel)
    for (size_t pixel = 0; pixel < pixels; ++pixel) *to++ = from[pixel * channels + channel];
}

}  // namespace

Session::Session(model_file::Model model, const EngineOptions& options)
    : name_(model.network.graph.name()),
      input_(describe(model.network.graph.value(model.network.graph.inputs()[0]))),
      output_(describe(model.network.graph.value(model.network.graph.outputs()[0]))),
      classes_(std::move(model.classes)),
      max_batch_(static_cast<size_t>(options.max_batch)),
      engine_([&] {
        const engine::EngineOptions given = checked(model.network.graph, options);
        instruction_set_ = name_of(given.isa);
        threads_ = given.threads;
        return engine::Engine(std::move(model.network), given);
      }()) {}

void Session::arrange(const uint8_t* pixels, size_t images, PixelOrder order) {
  const size_t channels =
      order == PixelOrder::interleaved ? static_cast<size_t>(input_.shape[0]) : input_.count;
  const size_t area = input_.count / channels;
  const auto fill = [&](auto& arranged) {
    arranged.resize(max_batch_ * input_.count);
    for (size_t i = 0; i < images; ++i)
      to_planar(pixels + i * input_.count, channels, area, arranged.data() + i * input_.count);
  };
  input_.type == ElementType::u8 ? fill(arranged_bytes_) : fill(arranged_floats_);
}

void Session::run_planar(const void* elements, size_t images, float* scores) {
  engine_.run(elements, static_cast<int64_t>(images), scores);
}

void Session::run(const uint8_t* pixels, size_t images, float* scores, PixelOrder order) {
  require_buffers(pixels, images, scores);
  if (order == PixelOrder::interleaved && input_.shape.size() != 3)
    fail(ErrorKind::usage, "interleaved pixels are for inputs of channels, height and width; this one is {}",
         graph::to_string(input_.shape));
  const std::lock_guard lock(mutex_);
  if (order == PixelOrder::planar && input_.type == ElementType::u8)
    return run_planar(pixels, images, scores);
  for (size_t done = 0; done < images; done += max_batch_) {
    const size_t part = std::min(max_batch_, images - done);
    arrange(pixels + done * input_.count, part, order);
    const void* arranged = input_.type == ElementType::u8 ? static_cast<const void*>(arranged_bytes_.data())
                                                          : arranged_floats_.data();
    run_planar(arranged, part, scores + done * output_.count);
  }
}

void Session::run(const float* values, size_t images, float* scores) {
  require_buffers(values, images, scores);
  if (input_.type != ElementType::f32)
    fail(ErrorKind::usage, "network {} takes u8, not f32; give it the pixels as bytes", name_);
  const std::lock_guard lock(mutex_);
  run_planar(values, images, scores);
}

}  // namespace pact::library
