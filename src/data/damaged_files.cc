#include "data/damaged_files.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "base/cpu.h"
#include "base/error.h"

namespace pact::data {

std::vector<DamagedFile> find_damaged(const std::vector<ImageFile>& files, Thoroughness how) {
  std::vector<DamagedFile> damaged;
  std::mutex mutex;
  std::atomic<size_t> next = 0;
  const auto check_share = [&] {
    for (size_t i = next++; i < files.size(); i = next++) {
      try {
        check_image(files[i].path, how);
      } catch (const Error& error) {
        const std::lock_guard lock(mutex);
        damaged.push_back({i, error.what()});
      }
    }
  };
  {
    std::vector<std::jthread> others;
    for (int t = 1; t < usable_cores() && files.size() > 64; ++t) others.emplace_back(check_share);
    check_share();
  }
  std::ranges::sort(damaged, {}, &DamagedFile::index);
  return damaged;
}

std::string list_of(const std::vector<DamagedFile>& damaged) {
  constexpr size_t kShown = 20;
  std::string list;
  for (size_t i = 0; i < std::min(kShown, damaged.size()); ++i) list += "\n  " + damaged[i].message;
  if (damaged.size() > kShown) list += fmt::format("\n  and {} more", damaged.size() - kShown);
  return list;
}

}  // namespace pact::data
