#include "base/checksum.h"

#include <gtest/gtest.h>

namespace pact {
namespace {

TEST(Checksum, IsTheCrcOfZip) {
  EXPECT_EQ(crc32("123456789"), 0xCBF43926u);  // the check value of CRC-32/ISO-HDLC
  EXPECT_EQ(crc32("6789", crc32("12345")), 0xCBF43926u);
  EXPECT_EQ(crc32(""), 0u);
}

}  // namespace
}  // namespace pact
