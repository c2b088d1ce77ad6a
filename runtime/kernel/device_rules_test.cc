// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/device_rules.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <initializer_list>
#include <string>

namespace lxcspec::runtime {
namespace {

constexpr auto kChar = DeviceType::kCharacter;
constexpr auto kBlock = DeviceType::kBlock;

// "+c 1:3 rwm" allows, "-a" denies.
DeviceRules List(std::initializer_list<std::string> texts) {
  DeviceRules rules;
  for (const std::string& text : texts) {
    const auto rule = ParseDeviceRule(text[0] == '+', text.substr(1));
    EXPECT_TRUE(rule) << text;
    if (rule) rules.Add(*rule);
  }
  return rules;
}

TEST(ParseDeviceRuleTest, EveryFormIsUnderstood) {
  const auto one = ParseDeviceRule(true, " c  1:3\trw ");
  ASSERT_TRUE(one);
  EXPECT_TRUE(one->allow && one->character && !one->block);
  EXPECT_EQ(one->major, 1u);
  EXPECT_EQ(one->minor, 3u);
  EXPECT_EQ(one->access, kMayRead | kMayWrite);
  EXPECT_TRUE(ParseDeviceRule(false, "a")->IsForEverything());
  EXPECT_TRUE(ParseDeviceRule(false, "a *:* mwr")->IsForEverything());
  EXPECT_FALSE(ParseDeviceRule(false, "a *:* r")->IsForEverything());
  EXPECT_FALSE(ParseDeviceRule(false, "c *:* rwm")->IsForEverything());
  const auto any = ParseDeviceRule(true, "b *:5 m");
  EXPECT_TRUE(any->block && !any->major && any->minor == 5u);
  EXPECT_TRUE(ParseDeviceRule(true, "c 4095:1048575 r"));
}

TEST(ParseDeviceRuleTest, APathStandsForItsDevice) {
  const auto rule = ParseDeviceRule(true, "/dev/null rw");
  ASSERT_TRUE(rule);
  EXPECT_TRUE(rule->character && !rule->block && rule->major == 1u && rule->minor == 3u);
  EXPECT_EQ(rule->access, kMayRead | kMayWrite);
  EXPECT_EQ(ParseDeviceRule(true, "/dev/null")->access, kMayAll);
  EXPECT_EQ(ParseDeviceRule(true, "/dev rw").error().code, ENODEV);
  EXPECT_EQ(ParseDeviceRule(true, "/no/such device rw").error().code, ENOENT);
}

TEST(ParseDeviceRuleTest, AnythingElseIsRefused) {
  for (const char* text : {"",
                           " ",
                           "x",
                           "aa",
                           "c",
                           "c 1:3",
                           "c 1 rwm",
                           "c 1:3 ",
                           "c 1:3 x",
                           "c 1:3 rr",
                           "c 1:3 rwmr",
                           "c 1:3 rwm rwm",
                           "d 1:3 rwm",
                           "c -1:3 rwm",
                           "c 1:-3 rwm",
                           "c +1:3 r",
                           "c 0x1:3 r",
                           "c :3 r",
                           "c 1: r",
                           "c : r",
                           "c **:* r",
                           "c 1:3:5 r",
                           "c 4096:0 r",
                           "c 0:1048576 r",
                           "c 99999999999999999999:0 r",
                           "c 1:3 RWM",
                           "ac 1:3 r",
                           "a *:*",
                           "a 1:3",
                           "null rw"}) {
    const auto rule = ParseDeviceRule(true, text);
    ASSERT_FALSE(rule) << text;
    EXPECT_EQ(rule.error().code, EINVAL) << text;
  }
}

TEST(DeviceRulesTest, NoRuleRestrictsNothing) {
  EXPECT_FALSE(DeviceRules().Restrict());
  EXPECT_TRUE(DeviceRules().Permits(kChar, 1, 3, kMayAll));
}

TEST(DeviceRulesTest, DenyingEverythingAloneDeniesEverything) {
  for (const char* rule : {"-a", "-a *:* rwm"}) {
    const DeviceRules rules = List({rule});
    EXPECT_TRUE(rules.Restrict());
    for (uint32_t access = 0; access <= kMayAll; ++access) {
      EXPECT_FALSE(rules.Permits(kChar, 1, 3, access));
      EXPECT_FALSE(rules.Permits(kBlock, 8, 0, access));
    }
  }
}

TEST(DeviceRulesTest, TheFirstRuleDecidesTheKind) {
  EXPECT_FALSE(List({"+c 1:3 r"}).Permits(kChar, 1, 5, kMayRead));
  EXPECT_TRUE(List({"-c 1:3 r"}).Permits(kChar, 1, 5, kMayRead));
  EXPECT_FALSE(List({"-c 1:3 r"}).Permits(kChar, 1, 3, kMayRead));
}

TEST(DeviceRulesTest, WhoMayNotReadMayNotReadAndWrite) {
  const DeviceRules rules = List({"+a", "-c 1:3 r"});
  EXPECT_FALSE(rules.Permits(kChar, 1, 3, kMayRead | kMayWrite));
  EXPECT_TRUE(rules.Permits(kChar, 1, 3, kMayWrite));
}

TEST(DeviceRulesTest, AccessesAddUp) {
  const DeviceRules rules = List({"-a", "+c 1:3 r", "+c 1:* w", "+c *:3 m"});
  EXPECT_TRUE(rules.Permits(kChar, 1, 3, kMayAll));
  EXPECT_FALSE(rules.Permits(kChar, 1, 4, kMayRead));
  EXPECT_FALSE(rules.Permits(kBlock, 1, 3, kMayRead));
}

TEST(DeviceRulesTest, ARuleForEverythingForgetsThoseBefore) {
  EXPECT_FALSE(List({"+a", "+c 1:3 r", "-a"}).Permits(kChar, 1, 3, kMayRead));
  EXPECT_TRUE(List({"-a", "-c 1:3 r", "+a *:* rwm"}).Permits(kChar, 1, 3, kMayRead));
}

TEST(DeviceRulesTest, TheSameDevicesTakeBackOthersDoNot) {
  EXPECT_FALSE(List({"-a", "+c 1:3 rw", "-c 1:3 w"}).Permits(kChar, 1, 3, kMayWrite));
  EXPECT_TRUE(List({"-a", "+c 1:3 rw", "-c 1:3 w"}).Permits(kChar, 1, 3, kMayRead));
  EXPECT_FALSE(List({"-a", "+a 1:3 rw", "-c 1:3 rw"}).Permits(kChar, 1, 3, kMayRead));
  EXPECT_TRUE(List({"-a", "+a 1:3 rw", "-c 1:3 rw"}).Permits(kBlock, 1, 3, kMayRead));
  EXPECT_TRUE(List({"-a", "+c 1:* rw", "-c 1:3 w"}).Permits(kChar, 1, 3, kMayWrite));
  EXPECT_TRUE(List({"+a", "-c 1:3 rwm", "+c 1:3 rwm"}).Permits(kChar, 1, 3, kMayAll));
}

TEST(DeviceRulesTest, WithoutARuleForEverythingADenialTakesBackFromAll) {
  const DeviceRules some = List({"+c 1:* rw", "+b 1:* r", "-c 1:5 w"});
  EXPECT_FALSE(some.Permits(kChar, 1, 5, kMayWrite));
  EXPECT_TRUE(some.Permits(kChar, 1, 5, kMayRead));
  EXPECT_TRUE(some.Permits(kBlock, 1, 5, kMayRead));
  EXPECT_FALSE(List({"+c 1:5 rw", "-c *:5 r"}).Permits(kChar, 1, 5, kMayRead));
  EXPECT_FALSE(List({"+c 1:3 r", "-a 1:5 r", "+c *:* r"}).Permits(kChar, 1, 5, kMayRead));
  EXPECT_TRUE(List({"+c 1:3 r", "-c 1:5 r", "+c 1:7 r"}).Permits(kChar, 1, 7, kMayRead));
  EXPECT_TRUE(List({"+c 1:3 r", "-c 1:5 r", "-a", "+c 1:5 r"}).Permits(kChar, 1, 5, kMayRead));
}

}  // namespace
}  // namespace lxcspec::runtime
