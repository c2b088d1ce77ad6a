// SPDX-License-Identifier: Apache-2.0

#include "runtime/config/keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace lxcspec::runtime {
namespace {

using ::testing::IsNull;

std::string PatternOf(std::string_view key) {
  const Key* found = FindKey(key);
  return found != nullptr ? std::string(found->pattern) : "";
}

TEST(KeysTest, EveryPatternStandsOnce) {
  std::set<std::string_view> patterns;
  for (const Key& key : AllKeys()) EXPECT_TRUE(patterns.insert(key.pattern).second) << key.pattern;
}

TEST(KeysTest, WhatAGetterPrintsForAnUnsetValueCanBeSet) {
  for (const Key& key : AllKeys()) {
    // A size of 0 says that there is no buffer; set, it is a size like others.
    if (key.unset.empty() || key.codec == BufferSize) continue;
    EXPECT_EQ(key.codec(key.unset).value_or("refused"), key.unset) << key.pattern;
  }
}

TEST(KeysTest, FindsConcreteKeys) {
  EXPECT_EQ(PatternOf("lxc.arch"), "lxc.arch");
  EXPECT_EQ(PatternOf("lxc.net.0.type"), "lxc.net.#.type");
  EXPECT_EQ(PatternOf("lxc.net.17.veth.ipv4.route"), "lxc.net.#.veth.ipv4.route");
  EXPECT_EQ(PatternOf("lxc.cgroup2.memory.max"), "lxc.cgroup2.*");
  EXPECT_EQ(PatternOf("lxc.sysctl.net.ipv4.ip_forward"), "lxc.sysctl.*");
}

TEST(KeysTest, PrefersAKeyToAWildcard) {
  EXPECT_EQ(PatternOf("lxc.cgroup.dir"), "lxc.cgroup.dir");
  EXPECT_EQ(PatternOf("lxc.cgroup.relative"), "lxc.cgroup.relative");
  EXPECT_EQ(PatternOf("lxc.cgroup.cpu.shares"), "lxc.cgroup.*");
}

TEST(KeysTest, FindsNothingElse) {
  for (const char* key : {"",
                          "lxc",
                          "lxc.",
                          "lxc.archx",
                          "lxc.arch.",
                          "LXC.ARCH",
                          "lxc.net",
                          "lxc.net.0",
                          "lxc.net.type",
                          "lxc.net.x.type",
                          "lxc.net.00.type",
                          "lxc.net.-1.type",
                          "lxc.net.0.",
                          "lxc.net.1234567890.type",
                          "lxc.cgroup2",
                          "lxc.cgroup2.",
                          "lxc.cgroup2..x",
                          "lxc.cgroup2.x.",
                          "lxc.prlimit.a b",
                          "lxc.prlimit.a=b",
                          "lxc.net.#.type",
                          "lxc.*"}) {
    EXPECT_THAT(FindKey(key), IsNull()) << key;
  }
}

TEST(KeysTest, KnowsFamilies) {
  for (const char* family : {"lxc", "lxc.net", "lxc.net.0", "lxc.net.12", "lxc.cgroup2", "lxc.cap",
                             "lxc.hook", "lxc.console.buffer", "lxc.time.offset"}) {
    EXPECT_TRUE(IsFamily(family)) << family;
  }
  for (const char* other : {"", "l", "lxc.ne", "lxc.net.", "lxc.net.x", "lxc.arch", "lxc.nonsense",
                            "lxc.net.0.type.x"}) {
    EXPECT_FALSE(IsFamily(other)) << other;
  }
}

TEST(KeysTest, ALineMayBeginWithAKeyADirectiveOrTheFamilyOfNetworks) {
  EXPECT_TRUE(IsAssignable("lxc.arch"));
  EXPECT_TRUE(IsAssignable("lxc.include"));
  EXPECT_TRUE(IsAssignable("lxc.net"));
  EXPECT_FALSE(IsAssignable("lxc.net.0"));
  EXPECT_FALSE(IsAssignable("lxc.cap"));
}

TEST(KeysTest, NamesTheSlotOfANetworkKey) {
  EXPECT_EQ(NetworkSlot("lxc.net.12.type"), "lxc.net.12");
  EXPECT_EQ(NetworkSlot("lxc.net.12"), "lxc.net.12");
  EXPECT_EQ(NetworkSlot("lxc.net"), std::nullopt);
  EXPECT_EQ(NetworkSlot("lxc.arch"), std::nullopt);
}

}  // namespace
}  // namespace lxcspec::runtime
