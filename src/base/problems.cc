#include "base/problems.h"

#include <algorithm>

#include "base/strings.h"

namespace pact {

void Problems::add(const std::string& message, const std::string& about) {
  auto found = std::ranges::find(all_, message, &Problem::message);
  if (found == all_.end()) found = all_.insert(all_.end(), {message, {}});
  if (!about.empty() && std::ranges::count(found->about, about) == 0) found->about.push_back(about);
}

bool Problems::are_about(std::string_view what) const {
  return std::ranges::any_of(
      all_, [&](const Problem& problem) { return std::ranges::count(problem.about, what) > 0; });
}

void Problems::explain(std::string_view what, std::string_view text) {
  for (Problem& problem : all_)
    if (std::ranges::count(problem.about, what) > 0) problem.message += text;
}

std::vector<std::string> Problems::messages() const {
  std::vector<std::string> lines;
  for (const Problem& problem : all_) lines.push_back(problem.message);
  return lines;
}

std::vector<std::string> Problems::placed() const {
  std::vector<std::string> lines;
  for (const Problem& problem : all_)
    lines.push_back((problem.about.empty() ? "" : join(problem.about) + ": ") + problem.message);
  return lines;
}

std::vector<std::string> Problems::named(std::string_view noun) const {
  constexpr size_t kNamed = 3;
  std::vector<std::string> lines;
  for (const auto& [message, about] : all_) {
    const size_t shown = about.size() <= kNamed + 1 ? about.size() : kNamed;
    std::vector<std::string> names;
    for (size_t i = 0; i < shown; ++i) names.push_back("'" + about[i] + "'");
    const std::string more = shown < about.size() ? fmt::format(" and {} more", about.size() - shown) : "";
    lines.push_back(
        fmt::format("{}{} {}{}: {}", noun, about.size() == 1 ? "" : "s", join(names), more, message));
  }
  return lines;
}

void Problems::refuse() const {
  if (!empty()) fail("{}", join(messages(), "\n"));
}

}  // namespace pact
