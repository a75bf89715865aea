// Any bytes as a file of a data set: idx as MNIST has it, MATLAB as SVHN, records as CIFAR. Images or an
// Error. The readers take paths, so the bytes go through a folder of this process.
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "base/error.h"
#include "data/dataset.h"
#include "data/idx_file.h"

namespace {

namespace fs = std::filesystem;
using namespace pact;

// In memory where the system has such a place.
class Folder {
 public:
  Folder() : path_(home() / ("pact-fuzz-" + std::to_string(::getpid()))) { fs::create_directories(path_); }
  ~Folder() { fs::remove_all(path_); }
  void write(const std::string& name, const uint8_t* bytes, size_t size) const {
    std::ofstream(path_ / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes), static_cast<std::streamsize>(size));
  }
  const fs::path& path() const { return path_; }

 private:
  static fs::path home() { return fs::exists("/dev/shm") ? "/dev/shm" : fs::temp_directory_path(); }
  fs::path path_;
};

void attempt(const std::function<void()>& read) {
  try {
    read();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::internal) throw;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  static const Folder folder;
  for (const char* name : {"idx", "test_32x32.mat", "test_batch.bin"}) folder.write(name, bytes, size);
  for (const size_t dimensions : {1, 3})
    attempt([&] { data::read_idx(folder.path() / "idx", dimensions, size_t{1} << 24); });
  for (const char* set : {"svhn:", "cifar10:"})
    attempt([&] { data::load_dataset(set + folder.path().string(), data::Part::test); });
  return 0;
}
