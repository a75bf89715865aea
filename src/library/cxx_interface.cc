// pact::Engine (include/pact/engine.h). Whatever goes wrong leaves as pact::Error.
#include <new>
#include <system_error>

#include "base/error.h"
#include "library/session.h"

namespace pact {
namespace {

template <typename Action>
auto with_our_errors(const std::string& origin, const Action& action) {
  try {
    return action();
  } catch (const std::bad_alloc&) {
    throw Error(ErrorKind::unsupported, origin + ": there is not enough memory");
  } catch (const std::system_error& error) {
    throw Error(ErrorKind::unsupported, origin + ": threads could not be started: " + error.what());
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error(ErrorKind::internal, origin + ": " + error.what());
  }
}

std::unique_ptr<library::Session> open(model_file::Model model, const std::string& origin,
                                       const EngineOptions& options) {
  try {
    return std::make_unique<library::Session>(std::move(model), options);
  } catch (const Error& error) {
    throw Error(error.kind(), origin + ": " + error.what());
  }
}

}  // namespace

Engine::Engine(std::unique_ptr<library::Session> session) : session_(std::move(session)) {}
Engine::Engine(const std::string& path, const EngineOptions& options)
    : session_(with_our_errors(path, [&] { return open(model_file::read(path), path, options); })) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

Engine Engine::from_memory(const void* bytes, size_t size, const EngineOptions& options) {
  const std::string origin = "the model in memory";
  if (!bytes) fail(ErrorKind::usage, "{}: its bytes are a null pointer", origin);
  return Engine(with_our_errors(origin, [&] {
    return open(model_file::parse({static_cast<const char*>(bytes), size}, origin), origin, options);
  }));
}

const std::string& Engine::name() const { return session_->name(); }
const TensorInfo& Engine::input() const { return session_->input(); }
const TensorInfo& Engine::output() const { return session_->output(); }
const std::vector<std::string>& Engine::classes() const { return session_->classes(); }
const std::string& Engine::instruction_set() const { return session_->instruction_set(); }
int Engine::threads() const { return session_->threads(); }

void Engine::run(const uint8_t* pixels, size_t images, float* scores, PixelOrder order) {
  with_our_errors(name(), [&] { session_->run(pixels, images, scores, order); });
}

void Engine::run(const float* values, size_t images, float* scores) {
  with_our_errors(name(), [&] { session_->run(values, images, scores); });
}

std::vector<float> Engine::run(const std::vector<uint8_t>& pixels, PixelOrder order) {
  if (pixels.empty() || pixels.size() % input().count != 0)
    fail(ErrorKind::usage, "{} pixels are no whole number of images of {}", pixels.size(), input().count);
  const size_t images = pixels.size() / input().count;
  return with_our_errors(name(), [&] {
    std::vector<float> scores(images * output().count);
    session_->run(pixels.data(), images, scores.data(), order);
    return scores;
  });
}

}  // namespace pact
