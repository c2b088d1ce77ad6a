// SPDX-License-Identifier: Apache-2.0
//
// How much a table is, and how little the program executes that looks into it.

#include "runtime/kernel/device_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "runtime/kernel/device_interpreter.h"

namespace lxcspec::runtime {
namespace {

// That many devices, 256 of each major.
DeviceRules Many(uint32_t count) {
  DeviceRules rules;
  rules.Add({.allow = false, .block = true, .character = true, .access = kMayAll});
  for (uint32_t i = 0; i < count; ++i) {
    rules.Add({.allow = true,
               .character = true,
               .major = i / 256,
               .minor = i % 256,
               .access = 1 + i % kMayAll});
  }
  return rules;
}

// The most that is executed for minors from `begin` up to `end`, of any type and major.
int MostExecuted(const DeviceRules& rules, uint32_t begin, uint32_t end) {
  const auto layout = DeviceTableLayout::Make(rules);
  EXPECT_TRUE(layout) << layout.error().ToString();
  const auto lookup = CompileTableLookup(-1, *layout);
  int most = 0;
  for (const DeviceType type : {DeviceType::kBlock, DeviceType::kCharacter}) {
    for (uint32_t major = 0; major < 600; ++major) {
      for (uint32_t minor = begin; minor < end; ++minor) {
        const auto outcome =
            InterpretDeviceProgram(lookup, {type, major, minor, kMayRead}, layout->bytes());
        EXPECT_TRUE(outcome);
        if (outcome->permits != rules.Permits(type, major, minor, kMayRead)) return -1;
        most = std::max(most, outcome->executed);
      }
    }
  }
  return most;
}

TEST(DeviceTableTest, WhatIsExecutedDoesNotDependOnTheNumberOfRules) {
  for (const uint32_t count : {1U, 12U, 64U, 1024U, 65'536U}) {
    const int most = MostExecuted(Many(count), 0, 256);
    EXPECT_GT(most, 0) << count;
    EXPECT_LE(most, 22) << count;
  }
  EXPECT_LE(MostExecuted(Many(1024), 256, 300), 22);
  DeviceRules deep = Many(1024);
  deep.Add({.allow = true, .block = true, .major = 7, .minor = 270, .access = kMayRead});
  EXPECT_LE(MostExecuted(deep, 0, 256), 22);
  const int most = MostExecuted(deep, 250, 300);
  EXPECT_GT(most, 24);
  EXPECT_LE(most, 48);
}

TEST(DeviceTableTest, SixtyFiveThousandRulesAreAFewHundredKilobytes) {
  const auto layout = DeviceTableLayout::Make(Many(65'536));
  ASSERT_TRUE(layout) << layout.error().ToString();
  EXPECT_LE(layout->bytes().size(), 1U << 19);
}

TEST(DeviceTableTest, FewRulesAreSixteenKilobytes) {
  const auto layout = DeviceTableLayout::Make(Many(12));
  ASSERT_TRUE(layout) << layout.error().ToString();
  EXPECT_LE(layout->bytes().size(), 1U << 14);
}

TEST(DeviceTableTest, WhatATableCannotHaveIsRefused) {
  DeviceRules far;
  far.Add({.allow = true, .character = true, .major = 512, .minor = 0, .access = kMayRead});
  EXPECT_EQ(DeviceTableLayout::Make(far).error().code, ENOTSUP);
  DeviceRules of_any;
  of_any.Add({.allow = true, .character = true, .minor = 3, .access = kMayRead});
  EXPECT_EQ(DeviceTableLayout::Make(of_any).error().code, ENOTSUP);
}

TEST(DeviceTableTest, TooManyBlocksAreRefused) {
  DeviceRules rules;
  for (uint32_t i = 0; i < 20'000; ++i) {
    // No two of these blocks are the same.
    rules.Add({.allow = true,
               .character = true,
               .major = i % 500,
               .minor = i / 500 * 256 + i % 251,
               .access = 1 + i % kMayAll});
    rules.Add({.allow = true,
               .character = true,
               .major = i % 500,
               .minor = i / 500 * 256 + (i / 251) % 251,
               .access = 1 + i % kMayAll});
  }
  EXPECT_EQ(DeviceTableLayout::Make(rules).error().code, E2BIG);
}

TEST(DeviceTableTest, MajorsWithoutAnEntryCannotBeSet) {
  const auto layout = DeviceTableLayout::Make(Many(1));
  ASSERT_TRUE(layout);
  EXPECT_TRUE(layout->CanSet(511, 255));
  EXPECT_FALSE(layout->CanSet(512, 0));
  EXPECT_FALSE(layout->CanSet(511, 256));
}

}  // namespace
}  // namespace lxcspec::runtime
