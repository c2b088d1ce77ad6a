// SPDX-License-Identifier: Apache-2.0

#include "conformance/probes/pattern.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace lxcspec {
namespace {

TEST(PatternTest, CountsInLinesOfEightBytes) { EXPECT_EQ(Pattern(20), "0000000\n0000001\n0000"); }

TEST(PatternTest, HasTheSizeThatWasAskedFor) {
  EXPECT_EQ(Pattern(0), "");
  EXPECT_EQ(Pattern(1), "0");
  EXPECT_EQ(Pattern(100003).size(), 100003u);
}

TEST(PatternTest, ShorterPatternIsThePrefixOfALongerOne) {
  EXPECT_EQ(Pattern(5000), Pattern(9000).substr(0, 5000));
}

TEST(PatternPositionTest, IsWhereThePieceWasTaken) {
  const std::string pattern = Pattern(100000);
  for (const size_t at : {size_t{0}, size_t{1}, size_t{7}, size_t{8}, size_t{799}, size_t{50001}}) {
    for (const size_t size : {16, 17, 4096}) {
      EXPECT_EQ(PatternPosition(pattern.substr(at, size)), at) << size << " bytes";
    }
  }
}

TEST(PatternPositionTest, PieceWithAGapHasNone) {
  const std::string pattern = Pattern(1000);
  EXPECT_EQ(PatternPosition(pattern.substr(0, 100) + pattern.substr(101, 100)), std::nullopt);
  EXPECT_EQ(PatternPosition(pattern.substr(0, 100) + pattern.substr(92, 100)), std::nullopt);
}

TEST(PatternPositionTest, OtherTextHasNone) {
  EXPECT_EQ(PatternPosition(""), std::nullopt);
  EXPECT_EQ(PatternPosition(Pattern(15)), std::nullopt);
  EXPECT_EQ(PatternPosition(std::string(100, 'x')), std::nullopt);
  EXPECT_EQ(PatternPosition(std::string(100, '\n')), std::nullopt);
  EXPECT_EQ(PatternPosition("9999999\n0000000\n0000001\n"), std::nullopt);
}

TEST(PatternTest, OctetsCoverEveryByteValue) {
  const std::string octets = Octets(257);
  for (size_t i = 0; i < 256; ++i) EXPECT_EQ(static_cast<unsigned char>(octets[i]), i);
  EXPECT_EQ(octets[256], '\0');
}

}  // namespace
}  // namespace lxcspec
