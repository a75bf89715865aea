#include "accelerator/load.h"

#include "base/error.h"
#include "base/files.h"

namespace pact::accelerator {
namespace fs = std::filesystem;
namespace {

constexpr size_t kMostBytes = 16 << 20;

// The text of a file that the description names.
std::string read_named(const fs::path& description, const fs::path& file) {
  try {
    return read_file(file, kMostBytes);
  } catch (const Error& error) {
    fail("{}: names a file that cannot be read: {}", description.string(), error.what());
  }
}

}  // namespace

Hardware load_hardware(const fs::path& path) {
  const std::string text = read_file(path, kMostBytes);
  Hardware hardware;
  if (const auto file = technology_of(text, path.string())) {
    const fs::path where = path.parent_path() / *file;
    hardware.technology = parse_technology(read_named(path, where), where.lexically_normal().string());
  }
  hardware.accelerator =
      parse_accelerator(text, path.string(), hardware.technology ? &*hardware.technology : nullptr);
  if (hardware.accelerator.memory_technology) {
    const fs::path where = path.parent_path() / *hardware.accelerator.memory_technology;
    hardware.memory_technology =
        parse_memory_technology(read_named(path, where), where.lexically_normal().string());
  }
  return hardware;
}

}  // namespace pact::accelerator
