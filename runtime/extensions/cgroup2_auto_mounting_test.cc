// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/cgroup2_auto_mounting.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace lxcspec::runtime {
namespace {

TEST(Cgroup2AutoMountingTest, WordsSayWhetherItCanBeWritten) {
  for (const char* word : {"cgroup2", "cgroup2:force"}) {
    ASSERT_TRUE(ParseCgroup2Word(word)) << word;
    EXPECT_FALSE(ParseCgroup2Word(word)->read_only) << word;
  }
  for (const char* word : {"cgroup2:ro", "cgroup2:ro:force"}) {
    ASSERT_TRUE(ParseCgroup2Word(word)) << word;
    EXPECT_TRUE(ParseCgroup2Word(word)->read_only) << word;
  }
}

TEST(Cgroup2AutoMountingTest, OtherWordsAreNotOfThisExtension) {
  for (const char* word :
       {"", "cgroup", "cgroup2:", "cgroup2:rw", "cgroup2:force:ro", "cgroup2x"}) {
    EXPECT_FALSE(ParseCgroup2Word(word)) << word;
  }
}

TEST(Cgroup2AutoMountingTest, HostsHierarchyIsGivenToNobody) {
  const auto mounted = MountCgroup2(-1, {}, true, false);
  ASSERT_FALSE(mounted);
  EXPECT_EQ(mounted.error().code, EINVAL);
}

TEST(Cgroup2AutoMountingTest, HierarchyThatIsNotThereIsAnError) {
  const auto mounted = MountCgroup2(-1, {}, false, true);
  ASSERT_FALSE(mounted);
  EXPECT_EQ(mounted.error().code, ENOENT);
}

}  // namespace
}  // namespace lxcspec::runtime
