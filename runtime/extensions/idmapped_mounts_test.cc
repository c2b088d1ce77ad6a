// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/idmapped_mounts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace lxcspec::runtime {
namespace {

using ::testing::HasSubstr;

TEST(IdmappedMountsTest, ContainersOwnMapNeedsAUserNamespace) {
  EXPECT_TRUE(CheckRootfsIdMap("container", true));
  const Status checked = CheckRootfsIdMap("container", false);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, EINVAL);
  EXPECT_THAT(checked.error().attempted, HasSubstr("lxc.rootfs.options"));
}

TEST(IdmappedMountsTest, PathMustNameAUserNamespace) {
  EXPECT_TRUE(CheckRootfsIdMap("/proc/self/ns/user", false));
  for (const char* path :
       {"/proc/self/ns/net", "/proc/self/status", "/dev/null", "/nonexistent", "container2", ""}) {
    EXPECT_FALSE(CheckRootfsIdMap(path, true)) << path;
  }
}

}  // namespace
}  // namespace lxcspec::runtime
