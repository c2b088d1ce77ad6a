// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/seccomp_allow_nesting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace lxcspec::runtime {
namespace {

TEST(SeccompAllowNestingTest, WithoutAFilterAProfileMayBeLoaded) {
  EXPECT_TRUE(MayLoadProfile(false, false));
  EXPECT_TRUE(MayLoadProfile(false, true));
}

TEST(SeccompAllowNestingTest, OnTopOfAFilterAProfileMustBeAllowed) {
  EXPECT_TRUE(MayLoadProfile(true, true));
  const Status refused = MayLoadProfile(true, false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EPERM);
  EXPECT_THAT(refused.error().attempted, ::testing::HasSubstr("lxc.seccomp.allow_nesting"));
}

}  // namespace
}  // namespace lxcspec::runtime
