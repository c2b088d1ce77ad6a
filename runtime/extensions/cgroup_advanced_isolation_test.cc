// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/cgroup_advanced_isolation.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <initializer_list>
#include <utility>

namespace lxcspec::runtime {
namespace {

Config Configured(std::initializer_list<std::pair<const char*, const char*>> items) {
  Config config;
  for (const auto& [key, value] : items) EXPECT_TRUE(config.Set(key, value)) << key;
  return config;
}

TEST(CgroupAdvancedIsolationTest, NamesSayWhatTheyAre) {
  const auto placement = PlaceCgroups({}, "c");
  ASSERT_TRUE(placement);
  EXPECT_EQ(placement->monitor, "lxc.monitor.c");
  EXPECT_EQ(placement->payload, "lxc.payload.c");
  EXPECT_TRUE(placement->numbered);
  const auto below = PlaceCgroups(Configured({{"lxc.cgroup.dir", "a/b"}}), "c");
  EXPECT_EQ(below->payload, "a/b/lxc.payload.c");
}

TEST(CgroupAdvancedIsolationTest, WhatMeansNothingIsRefused) {
  using Items = std::initializer_list<std::pair<const char*, const char*>>;
  for (const Items& items :
       {Items{{"lxc.cgroup.dir.monitor", "m"}}, Items{{"lxc.cgroup.dir.container", "p"}},
        Items{{"lxc.cgroup.dir.container.inner", "i"}},
        Items{{"lxc.cgroup.dir.monitor", "m"}, {"lxc.cgroup.dir.container", "m"}},
        Items{{"lxc.cgroup.dir", "d"},
              {"lxc.cgroup.dir.monitor", "m"},
              {"lxc.cgroup.dir.container", "p"}}}) {
    const auto placement = PlaceCgroups(Configured(items), "c");
    ASSERT_FALSE(placement);
    EXPECT_EQ(placement.error().code, EINVAL);
  }
}

}  // namespace
}  // namespace lxcspec::runtime
