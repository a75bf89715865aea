#include "rtl/verilated_core.h"

#include <dlfcn.h>

#include <cstdlib>

#include "base/child.h"
#include "base/error.h"
#include "base/files.h"
#include "base/strings.h"
#include "rtl/sources.h"

namespace pact::rtl {
namespace fs = std::filesystem;

namespace {

// A folder that goes when it is left.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::error_code error;
    const fs::path parent = fs::temp_directory_path(error);
    if (error) fail("TMPDIR names no folder; the simulation would be built in it");
    std::string name = (parent / "pact-rtl-XXXXXX").string();
    if (!::mkdtemp(name.data())) fail("{}: no folder can be made there to build the simulation in", name);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// The last lines of a log that say what went wrong.
std::string end_of(const fs::path& log) {
  std::vector<std::string> lines = split(read_file(log), '\n');
  const size_t first = lines.size() > 12 ? lines.size() - 12 : 0;
  if (join(lines).empty()) return "(it printed nothing; its folder, in TMPDIR or /tmp, may be full)";
  return join({lines.begin() + static_cast<std::ptrdiff_t>(first), lines.end()}, "\n");
}

// clang makes an array of 16 x 16 elements nearly twice as fast as g++ 12 does: it computes neighbouring
// elements in vectors. Of 256 bits, for in 512 its shuffling of bytes costs more than it gains.
std::string make_flags() {
#if defined(__x86_64__)
  const std::string vectors = "\\ -mprefer-vector-width=256";
#else
  const std::string vectors;
#endif
  const std::string optimised = "OPT_FAST=-O3\\ -march=native" + vectors + " OPT_SLOW=-O0 OPT_GLOBAL=-O2";
  return (succeeds({"clang++", "--version"}) ? "CXX=clang++ " : "") + optimised;
}

fs::path build(const Design& design, Arithmetic arithmetic, const fs::path& folder,
               const std::function<void(double)>& on_waiting) {
  write_sources(design, folder);
  write_file(folder / "shim.cpp", simulation_shim());
  const fs::path log = folder / "build.log";
  std::vector<std::string> words = {"verilator", "--cc", "--exe", "--build", "-O3", "--x-assign", "fast",
                                    "--x-initial", "fast", "--noassert", "--top-module", "core", "-Mdir",
                                    "built", "-y", "."};
  if (arithmetic == Arithmetic::behavioural) words.emplace_back("+define+PACT_BEHAVIOURAL");
  for (const std::string& word : {std::string("-MAKEFLAGS"), make_flags()}) words.push_back(word);
  for (const char* word : {"-CFLAGS", "-fPIC", "-LDFLAGS", "-shared", "-o", "core.so", "core.sv", "shim.cpp"})
    words.emplace_back(word);
  if (!succeeds(words, {.folder = folder, .log = log, .on_waiting = on_waiting}))
    fail(
        "Verilator could not build the array; it needs Verilator 5, make and a C++ compiler. The end of its "
        "output:\n{}",
        end_of(log));
  return folder / "built" / "core.so";
}

}  // namespace

bool has_verilator() { return succeeds({"verilator", "--version"}); }

VerilatedCore::VerilatedCore(const Design& design, Arithmetic arithmetic,
                             const std::function<void(double)>& on_waiting) {
  if (!has_verilator())
    fail(ErrorKind::unsupported,
         "simulating an array takes Verilator, which is not installed; on Debian and Ubuntu: apt-get install "
         "verilator");
  const TemporaryFolder folder;
  const fs::path path = build(design, arithmetic, folder.path(), on_waiting);
  library_ = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library_) fail("the simulation that was built cannot be loaded: {}", ::dlerror());
  const auto make = reinterpret_cast<void* (*)()>(::dlsym(library_, "pact_core_new"));
  tick_ = reinterpret_cast<void (*)(void*)>(::dlsym(library_, "pact_core_tick"));
  delete_ = reinterpret_cast<void (*)(void*)>(::dlsym(library_, "pact_core_delete"));
  port_ = reinterpret_cast<void* (*)(void*, const char*)>(::dlsym(library_, "pact_core_port"));
  PACT_CHECK(make && tick_ && delete_ && port_);
  core_ = make();
}

VerilatedCore::~VerilatedCore() {
  if (core_) delete_(core_);
  if (library_) ::dlclose(library_);
}

void* VerilatedCore::find_port(const char* name) const {
  void* port = port_(core_, name);
  PACT_CHECK(port);
  return port;
}

}  // namespace pact::rtl
