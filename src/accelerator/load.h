// Descriptions of hardware as files: an accelerator with the technologies that it names.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "accelerator/description.h"
#include "accelerator/evaluate.h"

namespace pact::accelerator {

struct Hardware {
  Accelerator accelerator;
  std::optional<Technology> technology;
  std::optional<MemoryTechnology> memory_technology;
};

// Files named in a description are looked for beside it. Throws Error.
Hardware load_hardware(const std::filesystem::path& path);

}  // namespace pact::accelerator
