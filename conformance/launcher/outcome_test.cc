// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/outcome.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "conformance/launcher/suite_result.h"

namespace lxcspec::launcher {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kTest[] = "ConsoleLogTest.Reads";
constexpr char kCovers[] = R"({"test":"ConsoleLogTest.Reads","requirements":["console_log.read"]})"
                           "\n";
constexpr char kPass[] =
    R"({"test":"ConsoleLogTest.Reads","requirements":["console_log.read"],"verdict":"pass","reason":"",)"
    R"("message":"","leaks":[{"class":"fd","what":"/dev/null"}]})"
    "\n";

// A process that ended well.
ProcessFacts Ended(std::string result) {
  ProcessFacts facts;
  facts.started = true;
  facts.status = 0;
  facts.result = std::move(result);
  facts.leaks = std::vector<Leak>();
  return facts;
}

int Exited(int status) { return status << 8; }

TEST(JudgeTest, TheSuitesVerdictStandsWhateverTheExitStatus) {
  ProcessFacts facts = Ended(std::string(kCovers) + kPass);
  facts.status = Exited(1);
  const Outcome outcome = Judge(facts, kTest);
  EXPECT_EQ(outcome.verdict, "pass");
  EXPECT_THAT(outcome.requirements, ElementsAre("console_log.read"));
}

TEST(JudgeTest, LeaksOfSuiteAndAuditAreMerged) {
  ProcessFacts facts = Ended(kPass);
  facts.leaks = std::vector<Leak>{{"process", "monitor"}};
  EXPECT_THAT(Judge(facts, kTest).leaks,
              ElementsAre(Leak{"fd", "/dev/null"}, Leak{"process", "monitor"}));
}

TEST(JudgeTest, EndingWithoutAResultIsACrash) {
  const Outcome outcome = Judge(Ended(kCovers), kTest);
  EXPECT_EQ(outcome.verdict, "crash");
  EXPECT_EQ(outcome.reason, "exited with status 0 without having written a result");
  EXPECT_THAT(outcome.requirements, ElementsAre("console_log.read"));
}

TEST(JudgeTest, ASignalIsACrashEvenAfterAResult) {
  ProcessFacts facts = Ended("");
  facts.status = SIGSEGV;
  EXPECT_EQ(Judge(facts, kTest).reason, "killed by SIGSEGV");
  facts.result = kPass;
  EXPECT_EQ(Judge(facts, kTest).verdict, "crash");
  EXPECT_EQ(Judge(facts, kTest).reason, "killed by SIGSEGV after it had written its result");
}

TEST(JudgeTest, ACrashHasNoLeaks) {
  ProcessFacts facts = Ended("");
  facts.leaks = std::vector<Leak>{{"process", "monitor"}};
  EXPECT_THAT(Judge(facts, kTest).leaks, IsEmpty());
}

TEST(JudgeTest, TheDeadlineIsATimeout) {
  ProcessFacts facts = Ended(kCovers);
  facts.status.reset();
  facts.timed_out = true;
  const Outcome outcome = Judge(facts, kTest);
  EXPECT_EQ(outcome.verdict, "timeout");
  EXPECT_THAT(outcome.requirements, ElementsAre("console_log.read"));
}

TEST(JudgeTest, AFloodIsAFailure) {
  ProcessFacts facts = Ended(kCovers);
  facts.status.reset();
  facts.flooded = true;
  EXPECT_EQ(Judge(facts, kTest).verdict, "fail");
}

TEST(JudgeTest, LosingTheSupervisorIsACrash) {
  ProcessFacts facts = Ended(kPass);
  facts.status.reset();
  EXPECT_EQ(Judge(facts, kTest).verdict, "crash");
}

TEST(JudgeTest, ASandboxThatCannotBeMadeIsBroken) {
  ProcessFacts facts;
  facts.not_started = "mount(tmpfs, /run): EPERM";
  EXPECT_EQ(Judge(facts, kTest).verdict, "broken");
  EXPECT_EQ(Judge(facts, kTest).reason, "mount(tmpfs, /run): EPERM");
}

TEST(JudgeTest, AnAuditThatDoesNotEndIsBroken) {
  ProcessFacts facts = Ended(kPass);
  facts.leaks.reset();
  EXPECT_EQ(Judge(facts, kTest).verdict, "broken");
}

TEST(JudgeTest, WhatIsNoResultIsBroken) {
  for (
      const std::string written :
      {"garbage\n", "[]\n", "{}\n", R"({"test":"Other.Test","requirements":[],"verdict":"pass"})",
       R"({"test":"ConsoleLogTest.Reads","verdict":"pass"})",
       R"({"test":"ConsoleLogTest.Reads","requirements":"x","verdict":"pass"})",
       R"({"test":"ConsoleLogTest.Reads","requirements":[],"verdict":"timeout"})",
       R"({"test":"ConsoleLogTest.Reads","requirements":[],"verdict":1})",
       R"({"test":"ConsoleLogTest.Reads","requirements":[],"verdict":"pass","leaks":[{"class":"x","what":"y"}]})",
       R"({"test":"ConsoleLogTest.Reads","requirements":[],"verd)"}) {
    EXPECT_EQ(Judge(Ended(written), kTest).verdict, "broken") << written;
  }
  EXPECT_EQ(Judge(Ended(std::string(kPass) + kPass), kTest).verdict, "broken");
  EXPECT_THAT(Judge(Ended(std::string(kLargestResult + 1, ' ')), kTest).reason, HasSubstr("large"));
}

TEST(JudgeTest, SuiteTellsOfTheCrashOfATesteeInAnotherProcess) {
  const Outcome outcome = Judge(
      Ended(R"({"test":"ConsoleLogTest.Reads","requirements":[],"verdict":"crash","reason":"gone"})"
            "\n"),
      kTest);
  EXPECT_EQ(outcome.verdict, "crash");
  EXPECT_EQ(outcome.reason, "gone");
}

TEST(ExtensionOfTest, IsTheFirstPartOfARequirement) {
  EXPECT_EQ(ExtensionOf({"cgroup2.x", "pidfd.y"}, "A.B"), "cgroup2");
}

TEST(ExtensionOfTest, ElseComesFromTheNameOfTheSuite) {
  EXPECT_EQ(ExtensionOf({}, "ConsoleLogTest.X"), "console_log");
  EXPECT_EQ(ExtensionOf({}, "Cgroup2DevicesTest.X"), "cgroup2_devices");
  EXPECT_EQ(ExtensionOf({}, "Sizes/ConsoleLogTest.X/1"), "console_log");
}

TEST(DescribeEndTest, NamesSignalsAndStatuses) {
  EXPECT_EQ(DescribeEnd(SIGKILL), "killed by SIGKILL");
  EXPECT_EQ(DescribeEnd(Exited(3)), "exited with status 3");
}

}  // namespace
}  // namespace lxcspec::launcher
