// SPDX-License-Identifier: Apache-2.0

#include "conformance/probes/pattern.h"

#include <gtest/gtest.h>

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

TEST(PatternTest, EightBytesOccurInOnePlaceOnly) {
  const std::string pattern = Pattern(100000);
  for (const size_t at : {0, 3, 799, 8000, 50001}) {
    const std::string piece = pattern.substr(at, 8);
    EXPECT_EQ(pattern.find(piece), at);
    EXPECT_EQ(pattern.rfind(piece), at);
  }
}

TEST(PatternTest, OctetsCoverEveryByteValue) {
  const std::string octets = Octets(257);
  for (size_t i = 0; i < 256; ++i) EXPECT_EQ(static_cast<unsigned char>(octets[i]), i);
  EXPECT_EQ(octets[256], '\0');
}

}  // namespace
}  // namespace lxcspec
