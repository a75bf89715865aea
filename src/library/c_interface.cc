// The C interface (include/pact/pact.h): the C++ one behind a handle, exceptions turned into a status and a
// message of the calling thread.
#include <pact/pact.h>

#include <algorithm>
#include <cstring>
#include <new>

#include <pact/engine.h>

#include "base/error.h"
#include "base/version.h"
#include "base/words.h"

struct pact_engine {
  pact::Engine engine;
};

namespace {

using pact::ErrorKind;
using pact::fail;

// A plain array, so that a message can be kept even when there is no memory left.
thread_local char last_error[4096] = "";

pact_status failed(pact_status status, const char* message) noexcept {
  const size_t length = std::min(std::strlen(message), sizeof last_error - 1);
  std::memcpy(last_error, message, length);
  last_error[length] = '\0';
  return status;
}

pact_status status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::bad_input:
      return PACT_BAD_INPUT;
    case ErrorKind::unsupported:
      return PACT_UNSUPPORTED;
    case ErrorKind::usage:
      return PACT_USAGE;
    case ErrorKind::internal:
      return PACT_INTERNAL;
  }
  return PACT_INTERNAL;
}

template <typename Action>
pact_status guarded(const Action& action) noexcept {
  try {
    action();
    return PACT_OK;
  } catch (const pact::Error& error) {
    return failed(status_of(error.kind()), error.what());
  } catch (const std::bad_alloc&) {
    return failed(PACT_UNSUPPORTED, "there is not enough memory");
  } catch (const std::exception& error) {
    return failed(PACT_INTERNAL, error.what());
  } catch (...) {
    return failed(PACT_INTERNAL, "an unknown exception");
  }
}

void require(const void* pointer, const char* name) {
  if (!pointer) fail(ErrorKind::usage, "{} is a null pointer", name);
}

pact::EngineOptions read_options(const pact_options* options) {
  if (!options) return {};
  if (options->struct_size != sizeof(pact_options))
    fail(ErrorKind::usage, "options: struct_size is {}, it must be {}; start from PACT_DEFAULT_OPTIONS",
         options->struct_size, sizeof(pact_options));
  return {options->threads, options->max_batch, options->instruction_set ? options->instruction_set : "",
          options->max_memory_bytes};
}

void require_size(const char* name, size_t size, size_t images, size_t each) {
  size_t expected = 0;
  if (__builtin_mul_overflow(images, each, &expected) || size != expected)
    fail(ErrorKind::usage, "{} has {} elements; {} of {} each are wanted", name, size,
         pact::counted(static_cast<long long>(images), "image"), each);
}

pact_status describe(const pact_engine* engine, pact_tensor_info* info,
                     const pact::TensorInfo& (pact::Engine::*part)() const) {
  return guarded([&] {
    require(engine, "engine");
    require(info, "info");
    const pact::TensorInfo& from = (engine->engine.*part)();
    *info = {from.name.c_str(), from.type == pact::ElementType::u8 ? PACT_U8 : PACT_F32, from.shape.size(),
             from.shape.data(), from.count};
  });
}

// What `read` gives of an engine, or `otherwise`.
template <typename Value, typename Read>
Value read_or(const pact_engine* engine, Value otherwise, const Read& read) {
  if (engine) return read(engine->engine);
  failed(PACT_USAGE, "engine is a null pointer");
  return otherwise;
}

}  // namespace

extern "C" {

const char* pact_version(void) { return pact::kVersion; }
const char* pact_last_error(void) { return last_error; }

pact_status pact_load(const char* path, const pact_options* options, pact_engine** engine) {
  if (engine) *engine = nullptr;
  return guarded([&] {
    require(path, "path");
    require(engine, "engine");
    *engine = new pact_engine{pact::Engine(path, read_options(options))};
  });
}

pact_status pact_load_memory(const void* bytes, size_t size, const pact_options* options,
                             pact_engine** engine) {
  if (engine) *engine = nullptr;
  return guarded([&] {
    require(bytes, "bytes");
    require(engine, "engine");
    *engine = new pact_engine{pact::Engine::from_memory(bytes, size, read_options(options))};
  });
}

void pact_free(pact_engine* engine) { delete engine; }

const char* pact_name(const pact_engine* engine) {
  return read_or<const char*>(engine, nullptr, [](const pact::Engine& e) { return e.name().c_str(); });
}

const char* pact_instruction_set(const pact_engine* engine) {
  return read_or<const char*>(engine, nullptr,
                              [](const pact::Engine& e) { return e.instruction_set().c_str(); });
}

size_t pact_class_count(const pact_engine* engine) {
  return read_or<size_t>(engine, 0, [](const pact::Engine& e) { return e.classes().size(); });
}

const char* pact_class_name(const pact_engine* engine, size_t index) {
  return read_or<const char*>(engine, nullptr, [&](const pact::Engine& e) {
    return index < e.classes().size() ? e.classes()[index].c_str() : nullptr;
  });
}

pact_status pact_input(const pact_engine* engine, pact_tensor_info* info) {
  return describe(engine, info, &pact::Engine::input);
}

pact_status pact_output(const pact_engine* engine, pact_tensor_info* info) {
  return describe(engine, info, &pact::Engine::output);
}

pact_status pact_run_u8(pact_engine* engine, const uint8_t* pixels, size_t pixel_count, int order,
                        size_t images, float* scores, size_t score_count) {
  return guarded([&] {
    require(engine, "engine");
    require(pixels, "pixels");
    require(scores, "scores");
    if (order != PACT_PLANAR && order != PACT_INTERLEAVED)
      fail(ErrorKind::usage, "order is {}; it must be PACT_PLANAR or PACT_INTERLEAVED", order);
    require_size("pixels", pixel_count, images, engine->engine.input().count);
    require_size("scores", score_count, images, engine->engine.output().count);
    engine->engine.run(pixels, images, scores,
                       order == PACT_PLANAR ? pact::PixelOrder::planar : pact::PixelOrder::interleaved);
  });
}

pact_status pact_run_f32(pact_engine* engine, const float* values, size_t value_count, size_t images,
                         float* scores, size_t score_count) {
  return guarded([&] {
    require(engine, "engine");
    require(values, "values");
    require(scores, "scores");
    require_size("values", value_count, images, engine->engine.input().count);
    require_size("scores", score_count, images, engine->engine.output().count);
    engine->engine.run(values, images, scores);
  });
}

}  // extern "C"
