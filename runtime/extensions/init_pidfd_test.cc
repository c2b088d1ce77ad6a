// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/init_pidfd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace lxcspec::runtime {
namespace {

TEST(InitPidfdTest, AClientGetsACloseOnExecDescriptorOfItsOwn) {
  const UniqueFd mine(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const UniqueFd theirs = InitPidfdForClient(mine).value();
  EXPECT_NE(theirs.get(), mine.get());
  EXPECT_EQ(fcntl(theirs.get(), F_GETFD), FD_CLOEXEC);
}

TEST(InitPidfdTest, WithoutAnInitThereIsNoDescriptor) {
  EXPECT_EQ(InitPidfdForClient(UniqueFd()).error().code, EBADF);
}

TEST(InitPidfdTest, AMonitorThatIsGoneIsAStoppedContainer) {
  for (const int code : {ECONNREFUSED, ECONNRESET, EPIPE}) {
    EXPECT_EQ(InitPidfdError(code), ECONNREFUSED);
  }
  EXPECT_EQ(InitPidfdError(ENOSYS), EBADF);
  EXPECT_EQ(InitPidfdError(EACCES), EACCES);
}

}  // namespace
}  // namespace lxcspec::runtime
