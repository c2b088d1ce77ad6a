// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/namespaces.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <cerrno>
#include <string>

#include "runtime/config/parser.h"

namespace lxcspec::runtime {
namespace {

constexpr uint64_t kTime = 0x80;

Result<NamespacePlan> Plan(const std::string& text) {
  Config config;
  EXPECT_TRUE(LoadText(text, config));
  return PlanNamespaces(config);
}

TEST(NamespacesTest, ByDefaultAllButUserAndTimeAreMade) {
  const uint64_t made = Plan("").value().made & ~uint64_t{CLONE_NEWCGROUP};
  EXPECT_EQ(made,
            uint64_t{CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET});
}

TEST(NamespacesTest, IdMapsMakeAUserNamespace) {
  EXPECT_TRUE(Plan("lxc.idmap = u 0 100000 65536\n").value().made & CLONE_NEWUSER);
}

TEST(NamespacesTest, AUserNamespaceThatNothingIsMappedIntoFailsWithEinval) {
  EXPECT_EQ(Plan("lxc.namespace.clone = user mnt\n").error().code, EINVAL);
}

TEST(NamespacesTest, OnlyNetworkNoneKeepsTheHosts) {
  EXPECT_FALSE(Plan("lxc.net.0.type = none\n").value().made & CLONE_NEWNET);
  EXPECT_TRUE(Plan("lxc.net.0.type = empty\n").value().made & CLONE_NEWNET);
  EXPECT_TRUE(Plan("lxc.net.0.type = none\nlxc.net.1.type = empty\n").value().made & CLONE_NEWNET);
}

TEST(NamespacesTest, CloneNamesAllThatAreMadeAndKeepThoseThatAreNot) {
  EXPECT_EQ(Plan("lxc.namespace.clone = mnt pid\n").value().made,
            uint64_t{CLONE_NEWNS | CLONE_NEWPID});
  EXPECT_FALSE(Plan("lxc.namespace.keep = net ipc\n").value().made & (CLONE_NEWNET | CLONE_NEWIPC));
}

TEST(NamespacesTest, SharedOnesAreSeparateAndNotMade) {
  const NamespacePlan plan = Plan("lxc.namespace.share.net = other\n").value();
  EXPECT_FALSE(plan.made & CLONE_NEWNET);
  EXPECT_TRUE(plan.separate & CLONE_NEWNET);
  ASSERT_EQ(plan.shared.size(), 1u);
  EXPECT_EQ(plan.shared[0].second, "other");
}

TEST(NamespacesTest, WhatExcludesEachOtherFailsWithEinval) {
  EXPECT_EQ(Plan("lxc.namespace.clone = mnt\nlxc.namespace.keep = net\n").error().code, EINVAL);
  EXPECT_EQ(Plan("lxc.namespace.keep = net\nlxc.namespace.share.net = c\n").error().code, EINVAL);
}

TEST(NamespacesTest, TimeOffsetsMakeATimeNamespace) {
  const NamespacePlan plan =
      Plan("lxc.time.offset.boot = 2h\nlxc.time.offset.monotonic = -1ms\n").value();
  EXPECT_TRUE(plan.made & kTime);
  EXPECT_EQ(plan.time_offsets, "monotonic -1 999000000\nboottime 7200 0\n");
}

TEST(NamespacesTest, SharingWithAContainerThatIsStoppedFails) {
  EXPECT_EQ(OpenShared({.lxcpath = "/nowhere", .name = "c"}, CLONE_NEWNET, "d").error().code,
            ECONNREFUSED);
  EXPECT_TRUE(OpenShared({.lxcpath = "/nowhere", .name = "c"}, CLONE_NEWNET, "/proc/self/ns/net"));
}

}  // namespace
}  // namespace lxcspec::runtime
