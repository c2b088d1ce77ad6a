// SPDX-License-Identifier: Apache-2.0

#include "bench/harness/syscall_count.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace lxcspec {
namespace {

bool CallOften(int count) {
  for (int i = 0; i < count; ++i) syscall(SYS_getppid);
  return true;
}

TEST(CountSyscallsTest, EachCallCountsOnce) {
  const auto few = CountSyscalls([] { return CallOften(10); });
  const auto many = CountSyscalls([] { return CallOften(110); });

  ASSERT_TRUE(few);
  ASSERT_TRUE(many);
  EXPECT_EQ(*many - *few, 100U);
}

TEST(CountSyscallsTest, OnlyTheWorkCounts) {
  for (int i = 0; i < 50; ++i) {
    // The last is exit_group(2).
    const auto count = CountSyscalls([] { return CallOften(7); });
    ASSERT_TRUE(count);
    EXPECT_EQ(*count, 8U);
  }
}

TEST(CountSyscallsTest, ThoseOfItsChildrenCountToo) {
  const auto alone = CountSyscalls([] { return true; });
  const auto with_child = CountSyscalls([] {
    const pid_t child = fork();
    if (child == 0) _exit(CallOften(100) ? 0 : 1);
    return waitpid(child, nullptr, 0) == child;
  });

  ASSERT_TRUE(alone);
  ASSERT_TRUE(with_child);
  EXPECT_GE(*with_child - *alone, 100U);
  EXPECT_LT(*with_child - *alone, 120U);
}

TEST(CountSyscallsTest, WorkThatFailsIsNoCount) {
  const auto failed = CountSyscalls([] { return false; });

  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ECANCELED);
}

}  // namespace
}  // namespace lxcspec
