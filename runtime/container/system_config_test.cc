// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/system_config.h"

#include <gtest/gtest.h>

namespace lxcspec::runtime {
namespace {

TEST(SystemConfigTest, HasDefaultsForRootAndForOthers) {
  EXPECT_EQ(SystemConfigItemIn("", "lxc.lxcpath", ""), "/var/lib/lxc");
  EXPECT_EQ(SystemConfigItemIn("", "lxc.lxcpath", "/home/u"), "/home/u/.local/share/lxc");
  EXPECT_EQ(SystemConfigItemIn("", "lxc.bdev.lvm.vg", "/home/u"), "lxc");
}

TEST(SystemConfigTest, TheFilesLastAssignmentCounts) {
  EXPECT_EQ(SystemConfigItemIn("# lxc.lxcpath = /c\nlxc.lxcpath=/a\n lxc.lxcpath = /b \n",
                               "lxc.lxcpath", ""),
            "/b");
}

TEST(SystemConfigTest, KnowsNoOtherKey) {
  EXPECT_EQ(SystemConfigItemIn("lxc.nonsense = 1\n", "lxc.nonsense", ""), std::nullopt);
}

}  // namespace
}  // namespace lxcspec::runtime
