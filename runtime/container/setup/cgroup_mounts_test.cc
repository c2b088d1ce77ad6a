// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/setup/cgroup_mounts.h"

#include <gtest/gtest.h>

namespace lxcspec::runtime {
namespace {

constexpr std::string_view kHybrid =
    "31 30 0:27 / /sys/fs/cgroup/systemd rw shared:7 - cgroup cgroup rw,name=systemd\n"
    "32 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "33 30 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
    "34 30 0:28 /lxc /mnt/part rw - cgroup cgroup rw,cpu,cpuacct\n"
    "35 30 0:30 / /c/rootfs/sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
    "36 30 0:31 / /tmp rw - tmpfs tmpfs rw\n";

TEST(CgroupMountsTest, HierarchiesAreFoundWhereTheHostHasThem) {
  const auto found = FindHostHierarchies(
      kHybrid, "3:cpu,cpuacct:/lxc/c\n2:pids:/lxc/c\n1:name=systemd:/\n0::/user\n", "/c/rootfs");

  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].mount_point, "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_EQ(found[0].controllers, "cpu,cpuacct");
  EXPECT_EQ(found[0].path, "/lxc/c");
  EXPECT_EQ(found[1].mount_point, "/sys/fs/cgroup/systemd");
  EXPECT_EQ(found[2].mount_point, "/sys/fs/cgroup/unified");
  EXPECT_EQ(found[2].controllers, "");
}

TEST(CgroupMountsTest, WholeHierarchiesAreKnownInACgroupNamespaceToo) {
  const auto found = FindHostHierarchies(
      "33 30 0:29 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/\n", "/c/rootfs");

  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].mount_point, "/sys/fs/cgroup");
}

TEST(CgroupMountsTest, NothingIsFoundInNothing) {
  EXPECT_TRUE(FindHostHierarchies("", "", "").empty());
  EXPECT_TRUE(FindHostHierarchies(kHybrid, "nonsense\n", "").empty());
}

}  // namespace
}  // namespace lxcspec::runtime
