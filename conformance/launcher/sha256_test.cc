// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/sha256.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace lxcspec::launcher {
namespace {

std::string DigestOf(std::string_view data) {
  Sha256 sum;
  sum.Update(data);
  return sum.Finish();
}

// FIPS 180-4 examples and NIST's long message.
TEST(Sha256Test, GivesThePublishedDigests) {
  EXPECT_EQ(DigestOf(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(DigestOf("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(DigestOf("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(DigestOf(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, DoesNotDependOnHowTheMessageIsCut) {
  for (size_t length = 50; length < 140; ++length) {
    const std::string message(length, 'x');
    Sha256 in_pieces;
    for (size_t at = 0; at < length; at += 7) in_pieces.Update(message.substr(at, 7));
    EXPECT_EQ(in_pieces.Finish(), DigestOf(message)) << length;
  }
}

TEST(Sha256Test, AMissingFileFailsWithEnoent) {
  EXPECT_EQ(Sha256OfFile("/nonexistent/file").error().code, ENOENT);
}

}  // namespace
}  // namespace lxcspec::launcher
