// SPDX-License-Identifier: Apache-2.0
//
// What is refused before the kernel is asked. What the rules then do there is tested with the
// program (device_program_kernel_test.cc) and with cgroups (container/cgroups_test.cc).

#include "runtime/extensions/cgroup2_devices.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <initializer_list>
#include <string>
#include <utility>

namespace lxcspec::runtime {
namespace {

Status Apply(std::initializer_list<std::pair<const char*, const char*>> items,
             const DevicePlaces& places) {
  Config config;
  for (const auto& [key, value] : items) EXPECT_TRUE(config.Set(key, value)) << key;
  DeviceLimits limits;
  return limits.Apply(config, places, CgroupLayout::kUnified);
}

// A folder that is no cgroup: no program can be attached to it.
Cgroup PlainFolder() {
  const std::string path = testing::TempDir() + "/plain";
  mkdir(path.c_str(), 0755);
  return Cgroup::Open(path, 2).value();
}

TEST(Cgroup2DevicesTest, WithoutRulesNothingIsNeeded) {
  EXPECT_TRUE(Apply({}, {}));
  const Cgroup folder = PlainFolder();
  EXPECT_TRUE(Apply({}, {.second = &folder}));
}

TEST(Cgroup2DevicesTest, RulesThatNothingEnforcesAreAnError) {
  const auto applied = Apply({{"lxc.cgroup2.devices.deny", "a"}}, {});
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().code, ENOSYS);
}

TEST(Cgroup2DevicesTest, WhatIsNoRuleIsAnError) {
  const Cgroup folder = PlainFolder();
  for (const char* text : {"everything", "c 1:3", "c 1:3 rwx", "x 1:3 r", "c 1 r"}) {
    const auto applied = Apply({{"lxc.cgroup2.devices.deny", text}}, {.second = &folder});
    ASSERT_FALSE(applied) << text;
    EXPECT_EQ(applied.error().code, EINVAL) << text;
  }
}

TEST(Cgroup2DevicesTest, AnotherLeafIsAnError) {
  const Cgroup folder = PlainFolder();
  const auto applied = Apply({{"lxc.cgroup2.devices.forbid", "a"}}, {.second = &folder});
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().code, EINVAL);
}

TEST(Cgroup2DevicesTest, AProgramThatCannotBeAttachedIsAnError) {
  const Cgroup folder = PlainFolder();
  EXPECT_FALSE(Apply({{"lxc.cgroup2.devices.deny", "a"}}, {.second = &folder}));
}

}  // namespace
}  // namespace lxcspec::runtime
