#include "data/remote/download.h"

#include <curl/curl.h>

#include <cstdio>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "base/version.h"

namespace pact::data {
namespace fs = std::filesystem;
namespace {

struct Transfer {
  std::FILE* file = nullptr;
  int64_t before = 0;  // bytes that were there
  const OnBytes* on_bytes = nullptr;
};

size_t write_bytes(const char* bytes, size_t size, size_t count, void* file) {
  return std::fwrite(bytes, size, count, static_cast<std::FILE*>(file));
}

int show_progress(void* context, curl_off_t total, curl_off_t now, curl_off_t, curl_off_t) {
  const auto& transfer = *static_cast<const Transfer*>(context);
  (*transfer.on_bytes)(transfer.before + now, total > 0 ? transfer.before + total : 0);
  return 0;
}

struct Outcome {
  CURLcode code = CURLE_OK;
  long status = 0;  // of HTTP
  std::string message;
};

// Appends what `url` has from the end of `part` on.
Outcome fetch(const std::string& url, const fs::path& part, const OnBytes& on_bytes) {
  static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
  PACT_CHECK(global == CURLE_OK);
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  PACT_CHECK(curl != nullptr);
  std::error_code missing;
  const auto before = static_cast<int64_t>(fs::file_size(part, missing));
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(part.c_str(), "ab"), std::fclose);
  if (!file) fail("{}: cannot be written: {}", part.string(), std::strerror(errno));
  Transfer transfer{file.get(), missing ? 0 : before, &on_bytes};
  char message[CURL_ERROR_SIZE] = {};
  const auto set = [&](CURLoption option, auto value) {
    PACT_CHECK(curl_easy_setopt(curl.get(), option, value) == CURLE_OK);
  };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https,file");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 1L);
  set(CURLOPT_MAXREDIRS, 10L);
  set(CURLOPT_FAILONERROR, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECTTIMEOUT, 30L);
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME, 60L);
  set(CURLOPT_USERAGENT, fmt::format("pact/{}", kVersion).c_str());
  set(CURLOPT_ERRORBUFFER, static_cast<char*>(message));
  set(CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(transfer.before));
  set(CURLOPT_WRITEFUNCTION, write_bytes);
  set(CURLOPT_WRITEDATA, static_cast<void*>(file.get()));
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, show_progress);
  set(CURLOPT_XFERINFODATA, static_cast<void*>(&transfer));
  Outcome outcome;
  outcome.code = curl_easy_perform(curl.get());
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &outcome.status);
  outcome.message = message[0] != '\0' ? message : curl_easy_strerror(outcome.code);
  if (std::fflush(file.get()) != 0) fail("{}: cannot be written: {}", part.string(), std::strerror(errno));
  return outcome;
}

bool may_be_passing(CURLcode code) {
  return code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_OPERATION_TIMEDOUT ||
         code == CURLE_GOT_NOTHING;
}

}  // namespace

fs::path unfinished(const fs::path& target) { return target.string() + ".part"; }

void download(const std::string& url, const fs::path& target, const OnBytes& on_bytes) {
  constexpr int kAttempts = 3;
  constexpr long kRangeNotSatisfiable = 416;
  const fs::path part = unfinished(target);
  std::error_code ignored;
  bool began_anew = false;
  for (int attempt = 1;;) {
    const Outcome outcome = fetch(url, part, on_bytes);
    if (outcome.code == CURLE_OK) return;
    const bool had_some = fs::file_size(part, ignored) > 0 && !ignored;
    // The server has nothing beyond what lies here: it is whole, or something else; the checksum will tell.
    if (outcome.status == kRangeNotSatisfiable && had_some) return;
    if (outcome.code == CURLE_RANGE_ERROR && had_some && !began_anew) {
      fs::remove(part, ignored);
      began_anew = true;
      continue;
    }
    if (may_be_passing(outcome.code) && attempt++ < kAttempts) continue;
    const auto have = fs::file_size(part, ignored);
    if (ignored || have == 0) fs::remove(part, ignored);
    const std::string kept =
        ignored || have == 0
            ? ""
            : fmt::format("; {} bytes are kept, and the same command goes on from there", have);
    fail("{}: cannot be downloaded: {}{}", url, outcome.message, kept);
  }
}

}  // namespace pact::data
