// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/core_scheduling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/kernel/core_cookie.h"

namespace lxcspec::runtime {
namespace {

using ::testing::StartsWith;

// In a child, which is thrown away with its cookie.
template <typename Body>
int InChild(Body body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int CodeOf(const Status& status) { return status ? 0 : status.error().code; }

TEST(CoreSchedulingTest, DomainIsMadeExactlyWhereTheKernelDoesNotRefuse) {
  const int made = InChild([] { return CodeOf(MakeCoreCookie()); });
  const int expected = made == ENODEV ? 0 : made;
  EXPECT_EQ(InChild([] { return CodeOf(MakeCoreDomain()); }), expected);
  EXPECT_EQ(InChild([] { return CodeOf(JoinCoreDomain(getppid())); }), expected);
  EXPECT_EQ(HasCoreCookies(), made == 0);
}

TEST(CoreSchedulingTest, FailureNamesTheKey) {
  // No process has this number.
  const Status joined = JoinCoreDomain(-1);
  if (!joined) {
    EXPECT_THAT(joined.error().attempted, StartsWith("lxc.sched.core: "));
  }
}

}  // namespace
}  // namespace lxcspec::runtime
