// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/idmapped_mounts_v2.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cerrno>

namespace lxcspec::runtime {
namespace {

using ::testing::HasSubstr;

TEST(IdmappedMountsV2Test, OnlyBindMountsAreMapped) {
  EXPECT_TRUE(CheckEntryIdMap({.target = "t", .idmap = "container", .flags = MS_BIND}, true));
  EXPECT_TRUE(
      CheckEntryIdMap({.target = "t", .idmap = "container", .flags = MS_BIND | MS_REC}, true));
  for (const unsigned long flags : {0UL, static_cast<unsigned long>(MS_BIND | MS_REMOUNT)}) {
    const Status checked =
        CheckEntryIdMap({.target = "t", .idmap = "container", .flags = flags}, true);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, EINVAL);
    EXPECT_THAT(checked.error().attempted, HasSubstr("lxc.mount.entry: t"));
  }
}

TEST(IdmappedMountsV2Test, MapMustBeThere) {
  EXPECT_FALSE(CheckEntryIdMap({.target = "t", .idmap = "container", .flags = MS_BIND}, false));
  EXPECT_TRUE(
      CheckEntryIdMap({.target = "t", .idmap = "/proc/self/ns/user", .flags = MS_BIND}, false));
  for (const char* path : {"/proc/self/ns/mnt", "/nonexistent", ""}) {
    EXPECT_FALSE(CheckEntryIdMap({.target = "t", .idmap = path, .flags = MS_BIND}, true)) << path;
  }
}

}  // namespace
}  // namespace lxcspec::runtime
