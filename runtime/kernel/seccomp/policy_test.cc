// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/seccomp/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

namespace lxcspec::runtime {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::optional<ListKind> Words(std::string_view word) {
  if (word == "allowlist") return ListKind::kAllow;
  if (word == "denylist") return ListKind::kDeny;
  return std::nullopt;
}

SeccompPolicy Parsed(std::string_view text) {
  auto policy = ParseSeccompPolicy(text, Words);
  EXPECT_TRUE(policy) << policy.error().ToString();
  return policy ? *policy : SeccompPolicy();
}

void ExpectRefused(std::string_view text, size_t line, std::string_view why) {
  const auto policy = ParseSeccompPolicy(text, Words);
  ASSERT_FALSE(policy) << text;
  EXPECT_EQ(policy.error().code, EINVAL);
  EXPECT_THAT(policy.error().attempted, StartsWith("line " + std::to_string(line) + ": "));
  EXPECT_THAT(policy.error().attempted, HasSubstr(std::string(why)));
}

TEST(SeccompPolicyTest, ADenylistKillsWhatItNamesAndAllowsTheRest) {
  const SeccompPolicy policy = Parsed("2\ndenylist\nmkdir\n");
  EXPECT_EQ(policy.otherwise.action, SeccompAction::kAllow);
  ASSERT_EQ(policy.rules.size(), 1U);
  EXPECT_EQ(policy.rules[0].name, "mkdir");
  EXPECT_EQ(policy.rules[0].line, 3U);
  EXPECT_EQ(policy.rules[0].verdict.action, SeccompAction::kKill);
}

TEST(SeccompPolicyTest, AnAllowlistAllowsWhatItNamesAndKillsTheRest) {
  const SeccompPolicy policy = Parsed("2\nallowlist\nmkdir");
  EXPECT_EQ(policy.otherwise.action, SeccompAction::kKill);
  EXPECT_EQ(policy.rules.at(0).verdict.action, SeccompAction::kAllow);
}

TEST(SeccompPolicyTest, TheSecondLinesActionIsForCallsWithoutARule) {
  const SeccompPolicy policy = Parsed("2\nallowlist errno 38\nmkdir\n");
  EXPECT_EQ(policy.otherwise, (SeccompVerdict{.action = SeccompAction::kErrno, .number = 38}));
  EXPECT_EQ(policy.rules.at(0).verdict.action, SeccompAction::kAllow);
  EXPECT_EQ(Parsed("2\ndenylist trap\n").otherwise.action, SeccompAction::kTrap);
  EXPECT_EQ(Parsed("2\nallowlist notify\n").otherwise.action, SeccompAction::kNotify);
}

TEST(SeccompPolicyTest, ARulesActionIsItsOwn) {
  const SeccompPolicy policy =
      Parsed("2\ndenylist\na errno 0\nb errno 4094\nc kill\nd trap\ne notify\nf allow\ng\n");
  ASSERT_EQ(policy.rules.size(), 7U);
  EXPECT_EQ(policy.rules[0].verdict, (SeccompVerdict{SeccompAction::kErrno, 0}));
  EXPECT_EQ(policy.rules[1].verdict, (SeccompVerdict{SeccompAction::kErrno, 4094}));
  EXPECT_EQ(policy.rules[2].verdict.action, SeccompAction::kKill);
  EXPECT_EQ(policy.rules[3].verdict.action, SeccompAction::kTrap);
  EXPECT_EQ(policy.rules[4].verdict.action, SeccompAction::kNotify);
  EXPECT_EQ(policy.rules[5].verdict.action, SeccompAction::kAllow);
  EXPECT_EQ(policy.rules[6].verdict.action, SeccompAction::kKill);
}

TEST(SeccompPolicyTest, SectionsSayForWhichArchitectureRulesAre) {
  const SeccompPolicy policy =
      Parsed("2\ndenylist\na\n[x86_64]\nb\n[X86]\nc\n[arm64]\nd\n[all]\ne\n");
  ASSERT_EQ(policy.rules.size(), 5U);
  EXPECT_EQ(policy.rules[0].architecture, "");
  EXPECT_EQ(policy.rules[1].architecture, "x86_64");
  EXPECT_EQ(policy.rules[2].architecture, "x86");
  EXPECT_EQ(policy.rules[3].architecture, "aarch64");
  EXPECT_EQ(policy.rules[4].architecture, "");
}

TEST(SeccompPolicyTest, CommentsAndEmptyLinesSayNothing) {
  const SeccompPolicy policy = Parsed("2 # version\ndenylist # kind\n\n# all\n \t\r\na # b\r\n");
  ASSERT_EQ(policy.rules.size(), 1U);
  EXPECT_EQ(policy.rules[0].name, "a");
  EXPECT_EQ(policy.rules[0].line, 6U);
}

TEST(SeccompPolicyTest, RejectForceUmountIsARuleOfUmount2) {
  const SeccompPolicy policy = Parsed("2\ndenylist\nreject_force_umount # why\n");
  ASSERT_EQ(policy.rules.size(), 1U);
  EXPECT_EQ(policy.rules[0].name, "umount2");
  EXPECT_EQ(policy.rules[0].verdict, (SeccompVerdict{SeccompAction::kErrno, EACCES}));
  ASSERT_EQ(policy.rules[0].tests.size(), 1U);
  EXPECT_EQ(policy.rules[0].tests[0].index, 1U);
  EXPECT_EQ(policy.rules[0].tests[0].comparison, Comparison::kMaskedEqual);
}

TEST(SeccompPolicyTest, ArgumentsAreComparedAsWritten) {
  const SeccompPolicy policy = Parsed(
      "2\ndenylist\n"
      "a errno 1 [0,1,SCMP_CMP_NE] [1,2,SCMP_CMP_LT][2,0x3,SCMP_CMP_LE] [ 3 , 010 , SCMP_CMP_EQ ]\n"
      "b [4,-1,SCMP_CMP_GE][5,18446744073709551615,SCMP_CMP_GT]\n"
      "c notify [1,8192,SCMP_CMP_MASKED_EQ,61440]\n");
  ASSERT_EQ(policy.rules.size(), 3U);
  const auto& tests = policy.rules[0].tests;
  ASSERT_EQ(tests.size(), 4U);
  EXPECT_EQ(tests[0].comparison, Comparison::kNotEqual);
  EXPECT_EQ(tests[1].comparison, Comparison::kLess);
  EXPECT_EQ(tests[2].comparison, Comparison::kLessOrEqual);
  EXPECT_EQ(tests[2].value, 3U);
  EXPECT_EQ(tests[3].comparison, Comparison::kEqual);
  EXPECT_EQ(tests[3].value, 8U);
  EXPECT_EQ(tests[3].index, 3U);
  EXPECT_EQ(policy.rules[1].tests[0].value, UINT64_MAX);
  EXPECT_EQ(policy.rules[1].tests[0].comparison, Comparison::kGreaterOrEqual);
  EXPECT_EQ(policy.rules[1].tests[1].value, UINT64_MAX);
  EXPECT_EQ(policy.rules[1].tests[1].comparison, Comparison::kGreater);
  EXPECT_EQ(policy.rules[1].verdict.action, SeccompAction::kKill);
  EXPECT_EQ(policy.rules[2].tests[0].value, 8192U);
  EXPECT_EQ(policy.rules[2].tests[0].mask, 61440U);
}

TEST(SeccompPolicyTest, Version1ListsNumbers) {
  const SeccompPolicy policy = Parsed("1\nallowlist\n0\n# one\n1\n\n231\n");
  EXPECT_TRUE(policy.by_number);
  EXPECT_EQ(policy.otherwise.action, SeccompAction::kKill);
  ASSERT_EQ(policy.rules.size(), 3U);
  EXPECT_EQ(policy.rules[2].number, 231U);
  EXPECT_EQ(policy.rules[2].line, 7U);
  EXPECT_EQ(policy.rules[2].verdict.action, SeccompAction::kAllow);
}

TEST(SeccompPolicyTest, WhatIsNoPolicyIsRefusedWithItsLine) {
  ExpectRefused("", 1, "version");
  ExpectRefused("3\nallowlist\n", 1, "\"3\"");
  ExpectRefused("denylist\n", 1, "version");
  ExpectRefused("\n2\ndenylist\n", 1, "version");
  ExpectRefused("2\n", 2, "missing");
  ExpectRefused("2\ndenylistXYZ\n", 2, "denylistXYZ");
  ExpectRefused("2\n\ndenylist\n", 2, "allowlist");
  ExpectRefused("2\ndenylist debug\n", 2, "debug");
  ExpectRefused("2\ndenylist errno\n", 2, "errno needs a number");
  ExpectRefused("2\nallowlist kill all\n", 2, "all");
  ExpectRefused("1\ndenylist\n", 2, "version 1");
  ExpectRefused("1\nallowlist errno 1\n", 2, "version 1");
  ExpectRefused("1\nallowlist\nmkdir\n", 3, "mkdir");
  ExpectRefused("1\nallowlist\n4294967296\n", 3, "number");
  ExpectRefused("1\nallowlist\n-1\n", 3, "number");
}

TEST(SeccompPolicyTest, WhatIsNoRuleIsRefusedWithItsLine) {
  const auto refused = [](const std::string& rule, std::string_view why) {
    ExpectRefused("2\ndenylist\n\n" + rule + "\n", 4, why);
  };
  refused("mkdir log", "\"log\" is no action");
  refused("mkdir kill_process", "no action");
  refused("mkdir errno", "errno needs a number");
  refused("mkdir errno EPERM", "EPERM");
  refused("mkdir errno 4095", "4095");
  refused("mkdir errno -1", "-1");
  refused("mkdir errno 1 2", "\"2\"");
  refused("mkdir kill extra", "extra");
  refused("mk-dir", "mk-dir");
  refused("39", "no system call's name");
  refused("reject_force_umount now", "now");
  refused("[all", "lacks a ]");
  refused("[z80]", "z80");
  refused("[]", "architecture");
  refused("mkdir errno 1 [0,1]", "three fields");
  refused("mkdir errno 1 [0,1,SCMP_CMP_EQ,2,3]", "three fields");
  refused("mkdir errno 1 [6,1,SCMP_CMP_EQ]", "0 to 5");
  refused("mkdir errno 1 [0,x,SCMP_CMP_EQ]", "no number");
  refused("mkdir errno 1 [0,1,EQ]", "no comparison");
  refused("mkdir errno 1 [0,1,SCMP_CMP_EQ,2]", "mask");
  refused("mkdir errno 1 [0,1,SCMP_CMP_MASKED_EQ]", "mask");
  refused("mkdir errno 1 [0,1,SCMP_CMP_EQ", "[index,value,comparison]");
  refused("mkdir errno 1 [0,1,SCMP_CMP_GT] [0,9,SCMP_CMP_LT]", "compared twice");
  refused(std::string("mk\0dir", 6), "mk?dir");
}

TEST(SeccompPolicyTest, TooManyRulesAreRefused) {
  std::string text = "1\nallowlist\n";
  for (size_t i = 0; i < kMostRules; ++i) text += "1\n";
  EXPECT_TRUE(ParseSeccompPolicy(text, Words));
  EXPECT_EQ(ParseSeccompPolicy(text + "1\n", Words).error().code, E2BIG);
}

}  // namespace
}  // namespace lxcspec::runtime
