// SPDX-License-Identifier: Apache-2.0

#include "conformance/deny/filter.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <utility>

namespace lxcspec {
namespace {

constexpr int kInstallFailed = 255;
constexpr long kPidfdOpen = 434;
constexpr int kPidfdIdType = 3;

// What `call` leaves in errno in a process with the filter, 0 if it succeeds.
int ErrnoUnder(std::string_view names, const std::function<long()>& call) {
  auto filter = DenyFilter(names);
  if (!filter) return kInstallFailed;
  const pid_t child = fork();
  if (child == 0) {
    // The test has no CAP_SYS_ADMIN in a sandbox.
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (!Install(*std::move(filter))) _exit(kInstallFailed);
    errno = 0;
    _exit(call() < 0 ? errno : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : kInstallFailed;
}

long OpenOwnPidfd() { return syscall(kPidfdOpen, getpid(), 0); }

TEST(DenyFilterTest, DeniedCallAnswersEnosys) {
  EXPECT_EQ(ErrnoUnder("clone3,pidfd_open,openat2", OpenOwnPidfd), ENOSYS);
}

TEST(DenyFilterTest, OtherCallsStay) {
  EXPECT_EQ(ErrnoUnder("clone3,openat2,waitid_pidfd", OpenOwnPidfd), 0);
  EXPECT_EQ(ErrnoUnder("", OpenOwnPidfd), 0);
}

TEST(DenyFilterTest, WaitingByPidfdIsAnInvalidArgument) {
  const auto wait_by_pidfd = [] {
    return syscall(SYS_waitid, kPidfdIdType, -1, nullptr, WEXITED, nullptr);
  };
  EXPECT_EQ(ErrnoUnder("waitid_pidfd", wait_by_pidfd), EINVAL);
  EXPECT_NE(ErrnoUnder("clone3", wait_by_pidfd), ENOSYS);
}

TEST(DenyFilterTest, WaitingOtherwiseStaysAndSoDoesWhatIsDeniedAfterIt) {
  const auto wait_for_any = [] { return syscall(SYS_waitid, P_ALL, 0, nullptr, WEXITED, nullptr); };
  EXPECT_EQ(ErrnoUnder("waitid_pidfd,pidfd_open", wait_for_any), ECHILD);
  EXPECT_EQ(ErrnoUnder("waitid_pidfd,pidfd_open", OpenOwnPidfd), ENOSYS);
}

TEST(DenyFilterTest, UnknownNameIsRefused) {
  const auto filter = DenyFilter("clone3,clone4");
  ASSERT_FALSE(filter);
  EXPECT_EQ(filter.error().code, EINVAL);
  EXPECT_NE(filter.error().attempted.find("clone4"), std::string::npos);
}

}  // namespace
}  // namespace lxcspec
