// Checksums that publishers of data sets print, of whole files.
#pragma once

#include <filesystem>
#include <string>

namespace pact::data {

// The digest of a file in small hexadecimal digits; `algorithm` is md5, sha1 or sha256. They find damage, not
// forgery. Throws Error on another algorithm or a file that cannot be read.
std::string digest_of(const std::filesystem::path& path, const std::string& algorithm);

}  // namespace pact::data
