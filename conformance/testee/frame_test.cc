// SPDX-License-Identifier: Apache-2.0

#include "conformance/testee/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

namespace lxcspec {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;

std::string Bytes(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) bytes += static_cast<char>(value);
  return bytes;
}

TEST(FrameTest, LengthComesFirstMostSignificantByteFirst) {
  EXPECT_EQ(EncodeFrame("{}"), Bytes({0, 0, 0, 2}) + "{}");
  EXPECT_EQ(EncodeFrame(std::string(0x0102, 'x'))->substr(0, 4), Bytes({0, 0, 1, 2}));
}

TEST(FrameTest, LongestFrameIsCutOutAndALongerOneNotMade) {
  const std::string longest(kLongestFrame, 'x');
  FrameReader reader;
  reader.Append(*EncodeFrame(longest));
  const auto frame = reader.Next();
  ASSERT_TRUE(frame && *frame);
  EXPECT_TRUE(**frame == longest);
  EXPECT_EQ(EncodeFrame(longest + "x").error().code, EMSGSIZE);
}

TEST(FrameTest, FramesAreCutHoweverTheyArrive) {
  const std::string both = *EncodeFrame("{\"a\":1}") + *EncodeFrame("{}");
  for (size_t portion = 1; portion <= both.size(); ++portion) {
    FrameReader reader;
    std::vector<std::string> frames;
    for (size_t at = 0; at < both.size(); at += portion) {
      reader.Append(both.substr(at, portion));
      for (auto frame = reader.Next(); frame && *frame; frame = reader.Next()) {
        frames.push_back(**frame);
      }
    }
    EXPECT_THAT(frames, ElementsAre("{\"a\":1}", "{}")) << "in portions of " << portion;
    EXPECT_TRUE(reader.Empty());
  }
}

TEST(FrameTest, IncompleteFrameIsNoneYet) {
  FrameReader reader;
  EXPECT_EQ(reader.Next(), std::nullopt);
  reader.Append(Bytes({0, 0, 0}));
  EXPECT_EQ(reader.Next(), std::nullopt);
  reader.Append(Bytes({2}) + "{");
  EXPECT_EQ(reader.Next(), std::nullopt);
  EXPECT_FALSE(reader.Empty());
}

TEST(FrameTest, LengthThatNoFrameHasIsRefusedForEver) {
  for (const std::string& length : {Bytes({0, 0, 0, 0}), Bytes({4, 0, 0, 1}),
                                    Bytes({255, 255, 255, 255}), std::string("HTTP")}) {
    FrameReader reader;
    reader.Append(length);
    EXPECT_EQ(reader.Next().error().code, EPROTO);
    reader.Append(*EncodeFrame("{}"));
    EXPECT_EQ(reader.Next().error().code, EPROTO);
  }
}

}  // namespace
}  // namespace lxcspec
