// SPDX-License-Identifier: Apache-2.0
//
// What stands between a test's words and the probe's.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "conformance/probes/escape.h"
#include "conformance/probes/message.h"

namespace lxcspec {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

TEST(UnescapeTest, LeavesPlainTextAlone) {
  EXPECT_THAT(Unescape("a b"), Optional(std::string("a b")));
}

TEST(UnescapeTest, KnowsEveryByteByItsHexadecimalDigits) {
  EXPECT_THAT(Unescape(R"(\x00\x7f\xff)"), Optional(std::string("\0\x7f\xff", 3)));
}

TEST(UnescapeTest, KnowsLineEndsTabsAndItself) {
  EXPECT_THAT(Unescape(R"(a\n\r\t\\b)"), Optional(std::string("a\n\r\t\\b")));
}

TEST(UnescapeTest, RefusesEveryOtherBackslash) {
  for (const char* bad : {"\\", "a\\q", "\\x", "\\x1", "\\xg0", "\\x1g"}) {
    EXPECT_EQ(Unescape(bad), std::nullopt) << bad;
  }
}

TEST(MessageTest, WordsComeBackAsTheyWere) {
  EXPECT_THAT(SplitWords(JoinWords({"write", "", "a b"})), ElementsAre("write", "", "a b"));
}

TEST(MessageTest, EmptyMessageIsOneEmptyWord) { EXPECT_THAT(SplitWords(""), ElementsAre("")); }

}  // namespace
}  // namespace lxcspec
