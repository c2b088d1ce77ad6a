// SPDX-License-Identifier: Apache-2.0
//
// The header that is generated from examples/good, as its users see it.

#include "spec/tools/example_requirements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace lxcspec::spec {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ExampleRequirementsTest, AConstantSaysWhatItsChapterSays) {
  constexpr Requirement kCopy = clock::kKeepsOffset;
  static_assert(kCopy.level == Level::kMay);
  static_assert(kCopy.kind == Kind::kDoes);
  EXPECT_EQ(kCopy.id, "clock.keeps_offset");
  EXPECT_EQ(kCopy.extension, "clock");
  EXPECT_EQ(kCopy.since, "5.0");
  EXPECT_THAT(kCopy.needs, ElementsAre("clock", "pty"));
  EXPECT_THAT(ring_log::kNoSize.needs, IsEmpty());
}

TEST(ExampleRequirementsTest, EveryLevelAndKindIsTranslated) {
  EXPECT_EQ(ring_log::kAnnounced.level, Level::kMust);
  EXPECT_EQ(ring_log::kStopped.level, Level::kMustNot);
  EXPECT_EQ(clock::kNoUnit.level, Level::kShould);
  EXPECT_EQ(ring_log::kNoSize.level, Level::kShouldNot);
  EXPECT_EQ(ring_log::kAnnounced.kind, Kind::kAnnounces);
  EXPECT_EQ(ring_log::kNoSize.kind, Kind::kRefuses);
  EXPECT_EQ(ring_log::kStopped.kind, Kind::kLacks);
}

TEST(ExampleRequirementsTest, AllRequirementsButTheRetiredAreListedInOrder) {
  std::vector<std::string_view> ids;
  for (const Requirement* requirement : kAllRequirements) ids.push_back(requirement->id);
  EXPECT_THAT(ids, ElementsAre("ring_log.announced", "ring_log.keeps_tail", "ring_log.no_size",
                               "ring_log.stopped", "clock.announced", "clock.keeps_offset",
                               "clock.no_unit", "clock.cannot_shift"));
  EXPECT_EQ(kAllRequirements[5], &clock::kKeepsOffset);
}

TEST(ExampleRequirementsTest, ExtensionsWithoutAChapterAreListedAndNeedsWithoutAProbeAreNot) {
  EXPECT_THAT(kExtensions, ElementsAre("ring_log", "ring_log_file", "clock"));
  ASSERT_EQ(kNeeds.size(), 2u);
  EXPECT_EQ(kNeeds[0].name, "pty");
  EXPECT_EQ(kNeeds[0].proof, "open a pty and pass a byte through it");
  EXPECT_EQ(kNeeds[1].name, "clock");
}

}  // namespace
}  // namespace lxcspec::spec
