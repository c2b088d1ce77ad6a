// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace lxcspec::launcher {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> Tests(int count) {
  std::vector<std::string> tests;
  for (int i = 0; i < count; ++i) tests.push_back("S.T" + std::to_string(i));
  return tests;
}

TEST(ParseTestListTest, JoinsSuitesAndTestsAndDropsComments) {
  const auto tests = ParseTestList(
      "Running main() from gmock_main.cc\n"
      "ConsoleLogTest.\n"
      "  ReadsBack\n"
      "  Clears\n"
      "Sizes/RingTest.  # TypeParam = int\n"
      "  Holds/small  # GetParam() = 4096\n");
  EXPECT_THAT(*tests, ElementsAre("ConsoleLogTest.ReadsBack", "ConsoleLogTest.Clears",
                                  "Sizes/RingTest.Holds/small"));
}

TEST(ParseTestListTest, RefusesDisabledTests) {
  const auto tests = ParseTestList("A.\n  DISABLED_B\n");
  ASSERT_FALSE(tests);
  EXPECT_THAT(tests.error().attempted, HasSubstr("A.DISABLED_B"));
}

TEST(ParseTestListTest, RefusesATestWithoutASuite) { EXPECT_FALSE(ParseTestList("  B\n")); }

TEST(ParseTestsFileTest, TakesNamesAndLeavesOutCommentsAndBlanks) {
  EXPECT_THAT(ParseTestsFile("# all of them\nA.B\n\n  C.D \r\n"), ElementsAre("A.B", "C.D"));
}

TEST(SelectTest, KeepsTheOrderOfTheSuiteAndNamesEachTestOnce) {
  EXPECT_THAT(*Select({"A.A", "A.B", "A.C"}, {"A.C", "A.A", "A.C"}), ElementsAre("A.A", "A.C"));
}

TEST(SelectTest, NamesATestThatTheSuiteLacks) {
  const auto selected = Select({"A.A"}, {"A.X"});
  ASSERT_FALSE(selected);
  EXPECT_THAT(selected.error().attempted, HasSubstr("A.X"));
}

TEST(ParseShardTest, TakesPartsFromOneToTheirNumber) {
  const auto shard = ParseShard("2/5");
  ASSERT_TRUE(shard);
  EXPECT_EQ(shard->index, 2);
  EXPECT_EQ(shard->count, 5);
}

TEST(ParseShardTest, RefusesWhatIsNoPart) {
  for (const char* text : {"", "1", "0/2", "3/2", "-1/2", "1/0", "a/b", "1/2x", "1 /2", "/2"}) {
    EXPECT_FALSE(ParseShard(text)) << text;
  }
}

TEST(MakePlanTest, RepeatsWholeRounds) {
  EXPECT_THAT(MakePlan({"A.A", "A.B"}, {.repeat = 2}),
              ElementsAre(PlannedTest{"A.A", 1}, PlannedTest{"A.B", 1}, PlannedTest{"A.A", 2},
                          PlannedTest{"A.B", 2}));
}

TEST(MakePlanTest, ShardsTogetherAreThePlanAndShareNothing) {
  const auto whole = MakePlan(Tests(23), {.repeat = 3});
  std::vector<PlannedTest> together;
  for (int index = 1; index <= 4; ++index) {
    const auto part = MakePlan(Tests(23), {.repeat = 3, .shard = {index, 4}});
    EXPECT_GE(part.size(), 15U);
    together.insert(together.end(), part.begin(), part.end());
  }
  EXPECT_THAT(together, ::testing::UnorderedElementsAreArray(whole));
}

TEST(MakePlanTest, MoreShardsThanTestsLeavesSomeEmpty) {
  EXPECT_THAT(MakePlan(Tests(2), {.shard = {3, 3}}), IsEmpty());
}

TEST(MakePlanTest, TheSeedDeterminesTheOrder) {
  const auto plan = MakePlan(Tests(40), {.seed = 7});
  EXPECT_EQ(plan, MakePlan(Tests(40), {.seed = 7}));
  EXPECT_NE(plan, MakePlan(Tests(40), {.seed = 8}));
  EXPECT_THAT(plan, ::testing::UnorderedElementsAreArray(MakePlan(Tests(40), {})));
  EXPECT_FALSE(std::is_sorted(plan.begin(), plan.end()));
}

// The order of a seed is part of a report, so another standard library must give it too.
TEST(MakePlanTest, TheOrderOfASeedIsTheSameEverywhere) {
  std::string order;
  for (const PlannedTest& planned : MakePlan(Tests(8), {.seed = 1})) order += planned.test.back();
  EXPECT_EQ(order, "46351720");
}

}  // namespace
}  // namespace lxcspec::launcher
