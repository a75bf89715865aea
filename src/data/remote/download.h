// One file from the network, by libcurl, that goes on where an earlier attempt ended.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace pact::data {

// Bytes that are there, and in all (0: the server does not say).
using OnBytes = std::function<void(int64_t have, int64_t total)>;

// Where an unfinished download of `target` lies.
std::filesystem::path unfinished(const std::filesystem::path& target);

// Downloads `url` (http, https or file) into unfinished(target), which the caller renames once it is checked.
// What lies there already is kept and the rest asked for; where the server cannot do that, all is loaded
// again. A connection that breaks is taken up again twice. Throws Error, naming url and cause; what arrived
// by then stays for the next time.
void download(const std::string& url, const std::filesystem::path& target, const OnBytes& on_bytes);

}  // namespace pact::data
