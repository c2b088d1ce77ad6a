// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/cgroup_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace lxcspec::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kHybrid[] =
    "22 1 0:20 / / rw - ext4 /dev/vda rw\n"
    "30 22 0:27 / /sys/fs/cgroup rw shared:3 - tmpfs tmpfs rw,mode=755\n"
    "31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "39 30 0:36 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
    "40 30 0:37 / /sys/fs/cgroup/unified rw shared:7 master:2 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr char kUnified[] = "30 22 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";

TEST(FindCgroupsTest, HybridHasBothVersions) {
  const auto found = FindCgroups(kHybrid, "5:cpu,cpuacct:/a\n2:name=systemd:/\n0::/b/c\n");
  EXPECT_EQ(found.layout, CgroupLayout::kHybrid);
  ASSERT_EQ(found.all.size(), 3u);
  EXPECT_THAT(found.all[0].controllers, ElementsAre("cpu", "cpuacct"));
  EXPECT_EQ(found.all[0].folder, "/sys/fs/cgroup/cpu,cpuacct/a");
  EXPECT_EQ(found.all[1].folder, "/sys/fs/cgroup/systemd");
  EXPECT_EQ(found.all[2].version, 2);
  EXPECT_EQ(found.all[2].folder, "/sys/fs/cgroup/unified/b/c");
}

TEST(FindCgroupsTest, OneVersionAloneIsUnifiedOrLegacy) {
  EXPECT_EQ(FindCgroups(kUnified, "0::/\n").layout, CgroupLayout::kUnified);
  EXPECT_EQ(FindCgroups(kHybrid, "5:cpu,cpuacct:/\n").layout, CgroupLayout::kLegacy);
  EXPECT_EQ(FindCgroups("", "0::/\n").layout, CgroupLayout::kNone);
}

TEST(FindCgroupsTest, WhatTheMountDoesNotShowIsLeftOut) {
  EXPECT_THAT(FindCgroups(kUnified, "0::/../outside\n").all, IsEmpty());
  const std::string inner = "30 22 0:27 /a /mnt rw - cgroup2 cgroup2 rw\n";
  EXPECT_EQ(FindCgroups(inner, "0::/a/b\n").all.at(0).folder, "/mnt/b");
  EXPECT_EQ(FindCgroups(inner, "0::/a\n").all.at(0).folder, "/mnt");
  EXPECT_THAT(FindCgroups(inner, "0::/ab\n").all, IsEmpty());
  EXPECT_THAT(FindCgroups("30 22 0:27 /.. /mnt rw - cgroup2 cgroup2 rw\n", "0::/\n").all,
              IsEmpty());
}

TEST(FindCgroupsTest, WhatIsMountedOverHides) {
  // As where the unified hierarchy of a hybrid machine is bound over all.
  const std::string bound =
      std::string(kHybrid) + "50 30 0:37 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
  const auto found = FindCgroups(bound, "5:cpu,cpuacct:/a\n0::/b\n");
  EXPECT_EQ(found.layout, CgroupLayout::kUnified);
  ASSERT_EQ(found.all.size(), 1u);
  EXPECT_EQ(found.all[0].folder, "/sys/fs/cgroup/b");
  const std::string covered =
      std::string(kUnified) + "31 30 0:9 / /sys/fs/cgroup rw - tmpfs t rw\n";
  EXPECT_THAT(FindCgroups(covered, "0::/\n").all, IsEmpty());
  const std::string remounted = covered + "32 31 0:27 / /sys/fs/cgroup/x rw - cgroup2 cgroup2 rw\n";
  EXPECT_EQ(FindCgroups(remounted, "0::/\n").all.at(0).folder, "/sys/fs/cgroup/x");
  // Damaged: a mount that is its own parent ends too.
  EXPECT_EQ(FindCgroups("7 7 0:1 / /m rw - cgroup2 cgroup2 rw\n", "0::/\n").all.size(), 1u);
}

TEST(FindCgroupsTest, PathsAreUnescaped) {
  const std::string odd = "30 22 0:27 / /a\\040b\\134 rw - cgroup2 cgroup2 rw\n";
  EXPECT_EQ(FindCgroups(odd, "0::/x\n").all.at(0).folder, "/a b\\/x");
}

TEST(FindCgroupsTest, DamagedLinesAreNoHierarchies) {
  EXPECT_THAT(FindCgroups("30 22 0:27 / /mnt rw cgroup2\n-\n- cgroup2\n\n", "0::/\n::\nx\n").all,
              IsEmpty());
}

TEST(CgroupsOfTest, ThisProcessIsSomewhere) {
  const auto found = CgroupsOf("self");
  ASSERT_TRUE(found) << found.error().ToString();
  EXPECT_FALSE(CgroupsOf("nobody"));
}

}  // namespace
}  // namespace lxcspec::runtime
