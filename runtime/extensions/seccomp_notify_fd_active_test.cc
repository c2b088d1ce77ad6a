// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/seccomp_notify_fd_active.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace lxcspec::runtime {
namespace {

TEST(SeccompNotifyFdActiveTest, AMonitorThatIsGoneIsAStoppedContainer) {
  for (const int code : {ECONNREFUSED, ECONNRESET, EPIPE}) {
    EXPECT_EQ(SeccompNotifyFdActiveError(code), ECONNREFUSED);
  }
}

TEST(SeccompNotifyFdActiveTest, WhatTheMonitorAnswersIsSeenAsItIs) {
  EXPECT_EQ(SeccompNotifyFdActiveError(EBADF), EBADF);
  EXPECT_EQ(SeccompNotifyFdActiveError(EACCES), EACCES);
}

}  // namespace
}  // namespace lxcspec::runtime
