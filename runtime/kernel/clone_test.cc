// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/clone.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <string>

#include "runtime/kernel/pidfd.h"

namespace lxcspec::runtime {
namespace {

// Runs a function in a clone and returns its exit status.
template <typename Function>
int StatusOf(const CloneRequest& request, Function function) {
  auto cloned = Clone(request);
  if (!cloned) {
    ADD_FAILURE() << cloned.error().ToString();
    return -1;
  }
  if (cloned->pid == 0) _exit(function());
  return Reap(cloned->pidfd).value();
}

TEST(PidfdTest, ThisKernelHasPidfds) { EXPECT_TRUE(HasPidfds()); }

TEST(PidfdTest, ASignalReachesTheProcessAndItsEndIsSeen) {
  const auto child = Clone({});
  ASSERT_TRUE(child);
  if (child->pid == 0) {
    for (;;) pause();
  }
  EXPECT_FALSE(HasEnded(child->pidfd));
  ASSERT_TRUE(SendSignal(child->pidfd, SIGTERM));
  const int status = Reap(child->pidfd).value();
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
  EXPECT_TRUE(HasEnded(child->pidfd));
  EXPECT_EQ(SendSignal(child->pidfd, SIGTERM).error().code, ESRCH);
}

TEST(CloneTest, TheStatusIsTheChilds) {
  const int status = StatusOf({}, [] { return 7; });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST(CloneTest, WhetherItHasExecutedIsSeenAfterItsEndToo) {
  for (const bool executes : {false, true}) {
    const auto child = Clone({});
    ASSERT_TRUE(child);
    if (child->pid == 0) {
      if (executes) execl("/bin/true", "true", nullptr);
      _exit(1);
    }
    siginfo_t info{};
    ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child->pid), &info, WEXITED | WNOWAIT), 0);
    EXPECT_EQ(HasExecuted(child->pid).value(), executes);
    ASSERT_TRUE(Reap(child->pidfd));
    EXPECT_EQ(HasExecuted(child->pid).error().code, ESRCH);
  }
}

TEST(CloneTest, APidNamespaceMakesItProcessOne) {
  EXPECT_EQ(StatusOf({.namespaces = CLONE_NEWPID}, [] { return getpid() == 1 ? 0 : 1; }), 0);
}

TEST(CloneTest, AJoinedNamespaceIsTheOtherProcesss) {
  auto owner = Clone({.namespaces = CLONE_NEWUTS});
  ASSERT_TRUE(owner);
  if (owner->pid == 0) {
    for (;;) pause();
  }
  const std::string path = "/proc/" + std::to_string(owner->pid) + "/ns/uts";
  const UniqueFd uts(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char expected[PATH_MAX] = "";
  ASSERT_GT(readlink(path.c_str(), expected, sizeof(expected) - 1), 0);

  const int status = StatusOf({.namespaces = CLONE_NEWPID, .joined = {{&uts, CLONE_NEWUTS}}}, [&] {
    char found[PATH_MAX] = "";
    if (readlink("/proc/thread-self/ns/uts", found, sizeof(found) - 1) <= 0) {
      // /proc is another pid namespace's; the descriptor tells as well.
      return setns(uts.get(), CLONE_NEWUTS) == 0 ? 0 : 2;
    }
    return std::string(found) == expected ? 0 : 1;
  });

  EXPECT_EQ(status, 0);
  ASSERT_TRUE(SendSignal(owner->pidfd, SIGKILL));
  ASSERT_TRUE(Reap(owner->pidfd));
}

TEST(CloneTest, ANewTimeNamespaceHasItsOffsets) {
  if (access("/proc/self/ns/time", F_OK) != 0) return;  // the kernel has none
  timespec before{};
  clock_gettime(CLOCK_BOOTTIME, &before);
  constexpr int kDay = 86400;
  const int status =
      StatusOf({.namespaces = CLONE_NEWTIME, .time_offsets = "boottime 86400 0\n"}, [&] {
        timespec now{};
        clock_gettime(CLOCK_BOOTTIME, &now);
        return now.tv_sec - before.tv_sec >= kDay ? 0 : 1;
      });
  EXPECT_EQ(status, 0);
}

TEST(CloneTest, WhatCannotBeEnteredFailsAndLeavesNoProcess) {
  const UniqueFd no_namespace(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const auto cloned = Clone({.joined = {{&no_namespace, CLONE_NEWUTS}}});
  ASSERT_FALSE(cloned);
  EXPECT_EQ(cloned.error().code, EINVAL);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

}  // namespace
}  // namespace lxcspec::runtime
