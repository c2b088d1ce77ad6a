// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/cgroup_relative.h"

#include <gtest/gtest.h>

namespace lxcspec::runtime {
namespace {

TEST(CgroupRelativeTest, RelativeBasesAreWhereTheCallerIs) {
  const auto bases = FindCgroupBases(true);
  ASSERT_TRUE(bases);
  for (const CgroupBase& base : bases->all) EXPECT_EQ(base.folder, base.own.folder);
}

TEST(CgroupRelativeTest, OtherBasesAreInTheSameHierarchies) {
  const auto relative = FindCgroupBases(true);
  const auto other = FindCgroupBases(false);
  ASSERT_TRUE(relative);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->layout, relative->layout);
  ASSERT_EQ(other->all.size(), relative->all.size());
  for (size_t i = 0; i < other->all.size(); ++i) {
    EXPECT_EQ(other->all[i].own.folder, relative->all[i].own.folder);
    // The scope of a service manager is not where containers are.
    EXPECT_FALSE(other->all[i].folder.ends_with("/init.scope")) << other->all[i].folder;
  }
}

}  // namespace
}  // namespace lxcspec::runtime
