#include "api/report.h"

#include "report/report.h"

namespace pact::api {

void write_report(const std::vector<std::filesystem::path>& runs, const std::filesystem::path& output) {
  report::write_report(runs, output);
}

}  // namespace pact::api
