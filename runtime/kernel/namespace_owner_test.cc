// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/namespace_owner.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/kernel/path.h"
#include "runtime/kernel/users_namespaces.h"

namespace lxcspec::runtime {
namespace {

constexpr uid_t kUser = 65534;
constexpr uid_t kOther = 65533;

TEST(NamespaceOwnerTest, WhoMadeTheUserNamespaceHasItsNetwork) {
  const UsersNamespaces users(kUser);
  EXPECT_EQ(HasRightsOver(users.Network(), kUser), true);
  EXPECT_EQ(HasRightsOver(users.Network(), kOther), false);
  EXPECT_EQ(HasRightsOver(users.Network(), 0), false);
}

TEST(NamespaceOwnerTest, WhoMadeTheUserNamespaceHasWhatIsBelowIt) {
  const UsersNamespaces users(kUser, 2);
  EXPECT_EQ(HasRightsOver(users.Network(), kUser), true);
  EXPECT_EQ(HasRightsOver(users.Network(), kOther), false);
}

TEST(NamespaceOwnerTest, NobodyHasTheHostsNetwork) {
  const UsersNamespaces users(kUser, 0);
  for (const uid_t user : {uid_t{0}, kUser}) {
    EXPECT_EQ(HasRightsOver(users.Network(), user), false) << user;
  }
}

TEST(NamespaceOwnerTest, NobodyHasWhatIsAboveHisOwn) {
  const UniqueFd above = UsersNamespaces(kUser, 0).Network();
  const pid_t child = fork();
  if (child == 0) {
    if (unshare(CLONE_NEWUSER) != 0) _exit(1);
    const auto rights = HasRightsOver(above, 0);
    _exit(rights && !*rights ? 0 : 2);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(NamespaceOwnerTest, WhatIsNoNamespaceIsAFailure) {
  const auto null = Open("/dev/null", O_RDONLY);
  ASSERT_TRUE(null);
  EXPECT_EQ(HasRightsOver(*null, kUser).error().code, ENOTTY);
}

}  // namespace
}  // namespace lxcspec::runtime
