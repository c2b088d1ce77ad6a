// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/reporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace lxcspec {
namespace {

using ::testing::StrEq;

const ::testing::TestInfo& ThisTest() {
  return *::testing::UnitTest::GetInstance()->current_test_info();
}

nlohmann::json ResultOf(const TestRecord& record) {
  return nlohmann::json::parse(ResultLine(ThisTest(), record, "/scratch/1"));
}

TEST(StableMessageTest, ReplacesWhatChangesFromRunToRun) {
  EXPECT_THAT(StableMessage("at 0x7ffe12345678 in /tmp/s.1/lxc", "/tmp/s.1"),
              StrEq("at <address> in <scratch>/lxc"));
  EXPECT_THAT(StableMessage("mode 0644, flags 0x80", ""), StrEq("mode 0644, flags 0x80"));
}

TEST(ResultLineTest, APassNamesItsRequirements) {
  const auto line = ResultOf({.requirements = {"a.b"}});
  EXPECT_EQ(line["verdict"], "pass");
  EXPECT_EQ(line["test"], "ResultLineTest.APassNamesItsRequirements");
  EXPECT_EQ(line["requirements"], nlohmann::json::array({"a.b"}));
}

TEST(ResultLineTest, AnAbsentNeedIsUnsupportedWithItsReason) {
  const auto line = ResultOf({.requirements = {"a.b"}, .unsupported = "a.b needs pty: ENOENT"});
  EXPECT_EQ(line["verdict"], "unsupported");
  EXPECT_EQ(line["reason"], "a.b needs pty: ENOENT");
}

TEST(ResultLineTest, ABrokenSetUpOutranksEverything) {
  const auto line =
      ResultOf({.requirements = {"a.b"}, .unsupported = "x", .broken = "dlopen failed"});
  EXPECT_EQ(line["verdict"], "broken");
  EXPECT_EQ(line["reason"], "dlopen failed");
}

TEST(ResultLineTest, ATestWithoutRequirementsProvesNothing) {
  EXPECT_EQ(ResultOf({})["verdict"], "broken");
}

TEST(ResultLineTest, BytesThatAreNoTextDoNotBreakTheLine) {
  const auto line = ResultOf({.requirements = {"a.b"}, .unsupported = "\xff\xfe"});
  EXPECT_EQ(line["verdict"], "unsupported");
}

TEST(ResultLineTest, LeaksAreListed) {
  const auto line =
      ResultOf({.requirements = {"a.b"}, .leaks = {{.leak_class = "fd", .what = "pipe"}}});
  EXPECT_EQ(line["leaks"][0]["class"], "fd");
  EXPECT_EQ(line["leaks"][0]["what"], "pipe");
}

}  // namespace
}  // namespace lxcspec
