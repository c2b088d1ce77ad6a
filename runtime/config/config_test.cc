// SPDX-License-Identifier: Apache-2.0

#include "runtime/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>

#include "runtime/config/parser.h"

namespace lxcspec::runtime {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// What a getter prints, or the failure's errno in words.
std::string Got(const Config& config, const char* key) {
  const auto got = config.Get(key);
  return got ? *got : "errno " + std::to_string(got.error().code);
}

const std::string kEinval = "errno " + std::to_string(EINVAL);
const std::string kEnoent = "errno " + std::to_string(ENOENT);

TEST(ConfigTest, GetsWhatWasSet) {
  Config config;
  ASSERT_TRUE(config.Set("lxc.uts.name", "c1"));
  EXPECT_EQ(Got(config, "lxc.uts.name"), "c1");
}

TEST(ConfigTest, GetsDefaultsOfWhatWasNotSet) {
  const Config config;
  EXPECT_EQ(Got(config, "lxc.autodev"), "1");
  EXPECT_EQ(Got(config, "lxc.uts.name"), "");
  EXPECT_EQ(Got(config, "lxc.cgroup.dir"), "");
  EXPECT_EQ(Got(config, "lxc.namespace.share.net"), "");
}

TEST(ConfigTest, AnUnknownKeyIsRefusedByEveryCall) {
  Config config;
  EXPECT_EQ(config.Set("lxc.nonsense", "1").error().code, EINVAL);
  EXPECT_EQ(Got(config, "lxc.nonsense"), kEinval);
  EXPECT_EQ(config.Clear("lxc.nonsense").error().code, EINVAL);
  EXPECT_EQ(config.Keys("lxc.nonsense").error().code, EINVAL);
}

TEST(ConfigTest, ARefusedValueLeavesTheOldOne) {
  Config config;
  ASSERT_TRUE(config.Set("lxc.seccomp.allow_nesting", "1"));
  EXPECT_EQ(config.Set("lxc.seccomp.allow_nesting", "2").error().code, EINVAL);
  EXPECT_EQ(Got(config, "lxc.seccomp.allow_nesting"), "1");
}

TEST(ConfigTest, ARefusedWordLeavesTheWholeListAsItWas) {
  Config config;
  ASSERT_TRUE(config.Set("lxc.namespace.clone", "mnt net"));
  EXPECT_FALSE(config.Set("lxc.namespace.clone", "pid mount"));
  EXPECT_EQ(Got(config, "lxc.namespace.clone"), "mnt net");
}

TEST(ConfigTest, ListsGrow) {
  Config config;
  ASSERT_TRUE(config.Set("lxc.cap.drop", "sys_module sys_time"));
  ASSERT_TRUE(config.Set("lxc.cap.drop", "mknod"));
  EXPECT_EQ(Got(config, "lxc.cap.drop"), "sys_module\nsys_time\nmknod\n");
}

TEST(ConfigTest, TheEmptyValueClears) {
  Config config;
  ASSERT_TRUE(config.Set("lxc.cap.drop", "mknod"));
  ASSERT_TRUE(config.Set("lxc.cap.drop", ""));
  EXPECT_EQ(Got(config, "lxc.cap.drop"), "");
}

TEST(ConfigTest, ClearingRestoresTheDefault) {
  Config config;
  ASSERT_TRUE(config.Set("lxc.net.0.type", "veth"));
  ASSERT_TRUE(config.Set("lxc.net.0.veth.mode", "router"));
  ASSERT_TRUE(config.Clear("lxc.net.0.veth.mode"));
  EXPECT_EQ(Got(config, "lxc.net.0.veth.mode"), "bridge");
}

TEST(ConfigTest, AGatewayCanBeReplacedAndCleared) {
  Config config;
  ASSERT_TRUE(config.Set("lxc.net.0.type", "veth"));
  ASSERT_TRUE(config.Set("lxc.net.0.ipv4.gateway", "dev"));
  ASSERT_TRUE(config.Set("lxc.net.0.ipv4.gateway", "192.0.2.1"));
  EXPECT_EQ(Got(config, "lxc.net.0.ipv4.gateway"), "192.0.2.1");
  ASSERT_TRUE(config.Clear("lxc.net.0.ipv4.gateway"));
  EXPECT_EQ(Got(config, "lxc.net.0.ipv4.gateway"), "");
}

TEST(ConfigTest, AnInterfaceOfWhichNothingIsSetIsNotThere) {
  const Config config;
  EXPECT_EQ(Got(config, "lxc.net.0.type"), kEnoent);
  EXPECT_EQ(Got(config, "lxc.net.0.flags"), kEnoent);
}

TEST(ConfigTest, WhatWasSetBeforeTheTypeReadsBack) {
  Config config;
  ASSERT_TRUE(config.Set("lxc.net.0.name", "eth0"));
  EXPECT_EQ(Got(config, "lxc.net.0.name"), "eth0");
  EXPECT_EQ(Got(config, "lxc.net.0.type"), "");
}

TEST(ConfigTest, ATypesOwnKeysNeedTheType) {
  Config config;
  EXPECT_EQ(config.Set("lxc.net.0.veth.mode", "router").error().code, EINVAL);
  ASSERT_TRUE(config.Set("lxc.net.0.type", "ipvlan"));
  EXPECT_EQ(config.Set("lxc.net.0.veth.mode", "router").error().code, EINVAL);
  EXPECT_EQ(Got(config, "lxc.net.0.ipvlan.mode"), "l3");
}

TEST(ConfigTest, ANewTypeMakesANewInterface) {
  Config config;
  ASSERT_TRUE(config.Set("lxc.net.0.type", "veth"));
  ASSERT_TRUE(config.Set("lxc.net.0.mtu", "1400"));
  ASSERT_TRUE(config.Set("lxc.net.0.type", "macvlan"));
  EXPECT_EQ(Got(config, "lxc.net.0.mtu"), "");
}

TEST(ConfigTest, AFamilyIsClearedWhole) {
  Config config;
  ASSERT_TRUE(config.Set("lxc.net.0.type", "veth"));
  ASSERT_TRUE(config.Set("lxc.net.1.type", "empty"));
  ASSERT_TRUE(config.Clear("lxc.net.0"));
  EXPECT_EQ(Got(config, "lxc.net.0.type"), kEnoent);
  EXPECT_EQ(Got(config, "lxc.net.1.type"), "empty");
  ASSERT_TRUE(config.Set("lxc.net", ""));
  EXPECT_EQ(Got(config, "lxc.net.1.type"), kEnoent);
}

TEST(ConfigTest, AFamilyPrintsItsLines) {
  Config config;
  ASSERT_TRUE(config.Set("lxc.cgroup2.memory.max", "1G"));
  ASSERT_TRUE(config.Set("lxc.cgroup2.devices.allow", "c 1:3 rwm"));
  EXPECT_EQ(Got(config, "lxc.cgroup2"),
            "lxc.cgroup2.devices.allow = c 1:3 rwm\nlxc.cgroup2.memory.max = 1G\n");
}

TEST(ConfigTest, KeysOfAnInterfaceAreThoseOfItsType) {
  Config config;
  ASSERT_TRUE(config.Set("lxc.net.3.type", "veth"));
  const std::string keys = config.Keys("lxc.net.3").value();
  EXPECT_THAT(keys, HasSubstr("veth.vlan.tagged.id\n"));
  EXPECT_THAT(keys, HasSubstr("l2proxy\n"));
  EXPECT_THAT(keys, Not(HasSubstr("ipvlan")));
}

TEST(ConfigTest, WhatIsSavedLoadsBackEqual) {
  Config config;
  ASSERT_TRUE(config.Set("lxc.net.0.type", "veth"));
  ASSERT_TRUE(config.Set("lxc.net.0.veth.mode", "router"));
  ASSERT_TRUE(config.Set("lxc.net.0.ipv4.address", "192.0.2.5/24"));
  ASSERT_TRUE(config.Set("lxc.mount.auto", "proc:mixed sys:ro"));
  ASSERT_TRUE(config.Set("lxc.environment", "A=1"));
  ASSERT_TRUE(config.Set("lxc.environment", "A=2"));
  ASSERT_TRUE(config.Set("lxc.tty.max", "4"));
  ASSERT_TRUE(config.Set("lxc.tty.max", "5"));
  ASSERT_TRUE(config.Set("lxc.namespace.keep", "net ipc"));
  ASSERT_TRUE(config.Set("lxc.namespace.clone", " "));
  Config loaded;
  ASSERT_TRUE(LoadText(config.Saved(), loaded));
  EXPECT_EQ(loaded, config);
}

TEST(ConfigTest, ASetWithoutWordsIsSavedWhereAnIncludedFileHasSome) {
  Config config;
  ASSERT_TRUE(config.Set("lxc.namespace.keep", "net ipc", Config::Origin::kIncluded));
  ASSERT_TRUE(config.Set("lxc.namespace.keep", " "));
  EXPECT_EQ(config.Get("lxc.namespace.keep").value(), "");
  EXPECT_EQ(config.Saved(), "lxc.namespace.keep =\n");
}

TEST(ConfigTest, AReplacedValueStandsInThePlaceOfTheOldOne) {
  Config config;
  ASSERT_TRUE(config.Set("lxc.hook.clone", "/included", Config::Origin::kIncluded));
  ASSERT_TRUE(config.Set("lxc.hook.clone", "/a"));
  ASSERT_TRUE(config.Set("lxc.hook.clone", "/b"));
  ASSERT_TRUE(config.ReplaceValue("lxc.hook.clone", "/a", "/other"));
  EXPECT_EQ(config.Get("lxc.hook.clone").value(), "/included\n/other\n/b\n");
  EXPECT_EQ(config.Saved(), "lxc.hook.clone = /other\nlxc.hook.clone = /b\n");
}

TEST(ConfigTest, OnlyAValueThatWasSetHereIsReplaced) {
  Config config;
  ASSERT_TRUE(config.Set("lxc.hook.clone", "/included", Config::Origin::kIncluded));
  EXPECT_EQ(config.ReplaceValue("lxc.hook.clone", "/included", "/x").error().code, ENOENT);
  EXPECT_EQ(config.ReplaceValue("lxc.nonsense", "/a", "/x").error().code, EINVAL);
  ASSERT_TRUE(config.Set("lxc.tty.max", "4"));
  EXPECT_EQ(config.ReplaceValue("lxc.tty.max", "4", "many").error().code, EINVAL);
  EXPECT_EQ(config.Get("lxc.tty.max").value(), "4");
}

TEST(ConfigTest, ValuesOfAFamilyKeepTheOrderInWhichTheyWereSet) {
  using ::testing::ElementsAre;
  using ::testing::IsEmpty;
  using ::testing::Pair;
  Config config;
  const std::string deny = "lxc.cgroup2.devices.deny";
  const std::string allow = "lxc.cgroup2.devices.allow";
  ASSERT_TRUE(config.Set(deny, "a", Config::Origin::kIncluded));
  ASSERT_TRUE(config.Set(allow, "c 1:3 rwm"));
  ASSERT_TRUE(config.Set("lxc.cgroup2.memory.max", "1G"));
  ASSERT_TRUE(config.Set(deny, "c 1:3 w"));
  EXPECT_THAT(config.InOrder("lxc.cgroup2.devices"),
              ElementsAre(Pair(deny, "a"), Pair(allow, "c 1:3 rwm"), Pair(deny, "c 1:3 w")));
  ASSERT_TRUE(config.Set(deny, ""));
  EXPECT_THAT(config.InOrder("lxc.cgroup2.devices"), ElementsAre(Pair(allow, "c 1:3 rwm")));
  ASSERT_TRUE(config.Clear("lxc.cgroup2"));
  EXPECT_THAT(config.InOrder("lxc.cgroup2"), IsEmpty());
}

}  // namespace
}  // namespace lxcspec::runtime
