#include "data/remote/remote_set.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/strings.h"
#include "data/remote/digest.h"
#include "data/remote/unpack.h"

namespace pact::data {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

constexpr const char* kAlgorithms[] = {"md5", "sha1", "sha256"};

std::string word(const json& object, const char* key, const std::string& where) {
  if (!object.contains(key) || !object[key].is_string()) fail("{}: lacks '{}', a text", where, key);
  return object[key].get<std::string>();
}

// A plain name: it becomes part of a path.
void require_plain(const std::string& name, const std::string& where) {
  if (name.empty() || name.find('/') != std::string::npos || name.starts_with("."))
    fail("{}: '{}' is no plain name of a file", where, name);
}

RemoteFile parse_file(const json& object, const std::string& where) {
  RemoteFile file;
  file.name = word(object, "name", where);
  require_plain(file.name, where);
  for (const char* algorithm : kAlgorithms)
    if (object.contains(algorithm)) file.algorithm = algorithm, file.digest = word(object, algorithm, where);
  if (object.contains("bytes") && object["bytes"].is_number_unsigned())
    file.bytes = object["bytes"].get<int64_t>();
  if (object.contains("unpacks_to")) {
    file.unpacks_to = word(object, "unpacks_to", where);
    require_plain(file.unpacks_to, where);
  }
  return file;
}

// Throws Error when a checksum is known and another one comes out; `hint` says what to do.
void verify(const RemoteFile& file, const fs::path& path, const std::string& hint) {
  if (file.digest.empty()) return;
  const std::string digest = digest_of(path, file.algorithm);
  if (digest != file.digest)
    fail("{}: its {} is {}, which should be {}; {}", path.string(), file.algorithm, digest, file.digest,
         hint);
}

}  // namespace

std::vector<RemoteSet> parse_remote_sets(const std::string& text, const std::string& origin) {
  const json all = json::parse(text, nullptr, false);
  if (!all.is_object()) fail("{}: is not a JSON object", origin);
  std::vector<RemoteSet> sets;
  for (const auto& [name, object] : all.items()) {
    const std::string where = fmt::format("{}: {}", origin, name);
    if (!object.is_object()) fail("{}: is not an object", where);
    RemoteSet set{name,
                  word(object, "title", where),
                  word(object, "set", where),
                  word(object, "base", where),
                  word(object, "source", where),
                  word(object, "terms", where),
                  {}};
    if (!object.contains("files") || !object["files"].is_array() || object["files"].empty())
      fail("{}: lacks 'files'", where);
    for (const json& file : object["files"]) set.files.push_back(parse_file(file, where));
    sets.push_back(std::move(set));
  }
  return sets;
}

FileState get_file(const RemoteFile& file, const std::string& base, const fs::path& directory,
                   const OnBytes& on_bytes) {
  const fs::path target = directory / file.name;
  const bool is_archive = !file.unpacks_to.empty();
  if (is_archive && fs::is_directory(directory / file.unpacks_to)) return FileState::present;
  FileState state = FileState::present;
  if (fs::exists(target)) {
    verify(file, target, "remove it to download it again");
  } else {
    state = FileState::downloaded;
    const std::string url = base + (base.ends_with("/") ? "" : "/") + file.name;
    const fs::path part = unfinished(target);
    download(url, target, on_bytes);
    try {
      verify(file, part, fmt::format("what was downloaded from {} is removed", url));
    } catch (const Error&) {
      fs::remove(part);
      throw;
    }
    fs::rename(part, target);
  }
  if (is_archive) unpack(target, directory, file.unpacks_to);
  return state;
}

}  // namespace pact::data
