// Processes that were started with different settings or data would train nothing sensible together; they end
// before they begin, each with the same list.
#include "train/processes/processes.h"

#include <nlohmann/json.hpp>

#include "base/strings.h"

namespace pact::train {

void require_same(const Processes& processes, const Facts& facts) {
  nlohmann::ordered_json own = nlohmann::ordered_json::object();
  for (const auto& [what, value] : facts) own[what] = value;
  const std::vector<std::string> texts = processes.gather("facts", own.dump());
  const auto first = nlohmann::ordered_json::parse(texts.front());
  std::vector<std::string> problems;
  for (size_t rank = 1; rank < texts.size(); ++rank) {
    const auto other = nlohmann::ordered_json::parse(texts[rank]);
    for (const auto& [what, value] : first.items()) {
      const std::string expected = value.get<std::string>(), found = other.value(what, "");
      if (found != expected)
        problems.push_back(
            fmt::format("{} is '{}' in process 0 and '{}' in process {}", what, expected, found, rank));
    }
  }
  if (!problems.empty())
    fail(
        "the processes were started with different settings or data:\n  {}\nStart all of them with the same "
        "command",
        join(problems, "\n  "));
}

}  // namespace pact::train
