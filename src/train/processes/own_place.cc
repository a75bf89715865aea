#include "train/processes/own_place.h"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <fstream>

namespace pact::train {
namespace {

std::string own_host() {
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  return host;
}

}  // namespace

std::string own_name() { return fmt::format("number {} on {}", ::getpid(), own_host()); }

// Which start of which machine, and which of its cores. Host names will not do, since containers of one
// machine have different ones.
std::string own_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  ::sched_getaffinity(0, sizeof set, &set);
  std::string text;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> text;
  if (text.empty()) text = own_host();
  for (int core = 0; core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(core, &set)) text += fmt::format(" {}", core);
  return text;
}

}  // namespace pact::train
