#include "data/remote/digest.h"

#include <openssl/evp.h>

#include <fstream>
#include <memory>
#include <vector>

#include "base/error.h"

namespace pact::data {

std::string digest_of(const std::filesystem::path& path, const std::string& algorithm) {
  const EVP_MD* method = algorithm == "md5"      ? EVP_md5()
                         : algorithm == "sha1"   ? EVP_sha1()
                         : algorithm == "sha256" ? EVP_sha256()
                                                 : nullptr;
  if (method == nullptr)
    fail("'{}' is no checksum that is known here; there are: md5, sha1, sha256", algorithm);
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  PACT_CHECK(context != nullptr && EVP_DigestInit_ex(context.get(), method, nullptr) == 1);
  std::ifstream file(path, std::ios::binary);
  std::vector<char> bytes(size_t{1} << 20);
  while (file) {
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    PACT_CHECK(EVP_DigestUpdate(context.get(), bytes.data(), static_cast<size_t>(file.gcount())) == 1);
  }
  if (!file.eof()) fail("{}: cannot be read", path.string());
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  PACT_CHECK(EVP_DigestFinal_ex(context.get(), digest, &size) == 1);
  return fmt::format("{:02x}", fmt::join(digest, digest + size, ""));
}

}  // namespace pact::data
