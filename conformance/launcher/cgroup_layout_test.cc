// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/cgroup_layout.h"

#include <gtest/gtest.h>
#include <sys/sysmacros.h>

namespace lxcspec::launcher {
namespace {

CgroupLayout LayoutOf(const char* mountinfo) {
  const auto mounts = ParseMountInfo(mountinfo);
  EXPECT_TRUE(mounts) << mounts.error();
  return FindCgroups(*mounts);
}

constexpr char kUnified[] =
    "30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 "
    "rw,nsdelegate,memory_recursiveprot\n";

constexpr char kHybrid[] =
    "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
    "31 23 0:28 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/unified rw,nosuid shared:10 - cgroup2 cgroup2 rw,nsdelegate\n"
    "33 31 0:30 / /sys/fs/cgroup/systemd rw shared:11 - cgroup cgroup rw,xattr,name=systemd\n"
    "34 31 0:31 / /sys/fs/cgroup/cpu,cpuacct rw shared:12 - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/cpuset rw shared:13 - cgroup cgroup "
    "rw,seclabel,cpuset,clone_children\n";

TEST(ParseMountInfoTest, ReadsFieldsAroundAnyNumberOfOptionalOnes) {
  const auto mounts = ParseMountInfo(
      "36 35 98:7 /mnt1 /mnt2 rw,noatime master:1 propagate_from:2 - ext3 /dev/root "
      "rw,errors=continue\n"
      "37 35 0:3 / /proc rw - proc proc rw\n");
  ASSERT_TRUE(mounts);
  ASSERT_EQ(mounts->size(), 2U);
  EXPECT_EQ((*mounts)[0].device, makedev(98, 7));
  EXPECT_EQ((*mounts)[0].root, "/mnt1");
  EXPECT_EQ((*mounts)[0].mount_point, "/mnt2");
  EXPECT_EQ((*mounts)[0].fs_type, "ext3");
  EXPECT_EQ((*mounts)[0].super_options, "rw,errors=continue");
  EXPECT_EQ((*mounts)[1].mount_point, "/proc");
}

TEST(ParseMountInfoTest, ReadsEscapedBytes) {
  const auto mounts = ParseMountInfo("37 35 0:3 / /a\\040b\\134c\\011d\\9 rw - tmpfs none rw\n");
  ASSERT_TRUE(mounts);
  EXPECT_EQ((*mounts)[0].mount_point, "/a b\\c\td\\9");
}

TEST(ParseMountInfoTest, RefusesLinesThatLackFields) {
  for (const char* line :
       {"37 35 0:3 / /x rw", "37 35 0:3 / /x rw - tmpfs", "37 35 zero / /x rw - a b c",
        "37 35 0:3 / /x rw shared:1 tmpfs none rw"}) {
    EXPECT_FALSE(ParseMountInfo(line)) << line;
  }
}

TEST(FindCgroupsTest, OneV2MountIsUnified) {
  const CgroupLayout layout = LayoutOf(kUnified);
  EXPECT_EQ(layout.Name(), "unified");
  ASSERT_EQ(layout.mounts.size(), 1U);
  EXPECT_TRUE(layout.mounts[0].v2);
  EXPECT_EQ(layout.mounts[0].options, "");
}

TEST(FindCgroupsTest, V1BesideV2IsHybridAndOptionsAreThoseThatSelectTheHierarchy) {
  const CgroupLayout layout = LayoutOf(kHybrid);
  EXPECT_EQ(layout.Name(), "hybrid");
  ASSERT_EQ(layout.mounts.size(), 4U);
  EXPECT_EQ(layout.mounts[1].options, "none,name=systemd");
  EXPECT_EQ(layout.mounts[2].options, "cpu,cpuacct");
  EXPECT_EQ(layout.mounts[3].options, "cpuset");
  EXPECT_TRUE(layout.mounts[3].HasController("cpuset"));
  EXPECT_FALSE(layout.mounts[2].HasController("cpuset"));
}

TEST(FindCgroupsTest, V1AloneIsLegacy) {
  EXPECT_EQ(LayoutOf("3 2 0:3 / /cgroup/cpu rw - cgroup none rw,cpu\n").Name(), "legacy");
}

TEST(FindCgroupsTest, NoCgroupMountIsNone) {
  EXPECT_EQ(LayoutOf("3 2 0:3 / /proc rw - proc proc rw\n").Name(), "none");
}

TEST(FindCgroupsTest, ASecondMountOfAHierarchyIsMarked) {
  const CgroupLayout layout = LayoutOf(
      "3 2 0:3 / /sys/fs/cgroup/cpu rw - cgroup none rw,cpu\n"
      "4 2 0:3 / /cgroup/cpu rw - cgroup none rw,cpu\n"
      "5 2 0:4 / /cgroup/pids rw - cgroup none rw,pids\n");
  ASSERT_EQ(layout.mounts.size(), 3U);
  EXPECT_FALSE(layout.mounts[0].repeated);
  EXPECT_TRUE(layout.mounts[1].repeated);
  EXPECT_FALSE(layout.mounts[2].repeated);
}

TEST(FindCgroupsTest, OfMountsAtOnePlaceTheLastCounts) {
  const CgroupLayout layout = LayoutOf(
      "3 2 0:3 / /sys/fs/cgroup rw - cgroup none rw,cpu\n"
      "4 2 0:4 / /sys/fs/cgroup rw - cgroup2 none rw\n");
  ASSERT_EQ(layout.mounts.size(), 1U);
  EXPECT_TRUE(layout.mounts[0].v2);
}

}  // namespace
}  // namespace lxcspec::launcher
