// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/seccomp_notify.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace lxcspec::runtime {
namespace {

std::string_view Bytes(const seccomp_notif_resp& answer) {
  return {reinterpret_cast<const char*>(&answer), sizeof(answer)};
}

TEST(SeccompNotifyTest, SwitchedOffItCannotBeHad) {
  EXPECT_EQ(NotifyCanBeHad(false).error().code, ENOSYS);
}

TEST(SeccompNotifyTest, AClientGetsACloseOnExecDescriptorOfItsOwn) {
  const UniqueFd mine(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const UniqueFd theirs = ListenerForClient(mine).value();
  EXPECT_NE(theirs.get(), mine.get());
  EXPECT_EQ(fcntl(theirs.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(ListenerForClient(UniqueFd()).error().code, EBADF);
}

TEST(SeccompNotifyTest, AStoppedContainersDescriptorIsNotOpen) {
  for (const int code : {ECONNREFUSED, ECONNRESET, EPIPE, EBADF}) {
    EXPECT_EQ(SeccompNotifyFdError(code), EBADF);
  }
  EXPECT_EQ(SeccompNotifyFdError(EACCES), EACCES);
}

TEST(SeccompNotifyTest, ACallThatNobodyAnswersGetsEnosys) {
  const seccomp_notif_resp answer = UnansweredCall(7);
  EXPECT_EQ(answer.id, 7U);
  EXPECT_EQ(answer.error, -ENOSYS);
  EXPECT_EQ(answer.flags, 0U);
}

TEST(SeccompNotifyTest, AnAnswerToTheCallIsTakenAsItIs) {
  const seccomp_notif_resp value{.id = 7, .val = 42, .error = 0, .flags = 0};
  EXPECT_EQ(CheckedAnswer(Bytes(value), 7)->val, 42);
  const seccomp_notif_resp error{.id = 7, .val = 0, .error = -EPERM, .flags = 0};
  EXPECT_EQ(CheckedAnswer(Bytes(error), 7)->error, -EPERM);
  const seccomp_notif_resp go_on{
      .id = 7, .val = 0, .error = 0, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
  EXPECT_EQ(CheckedAnswer(Bytes(go_on), 7)->flags, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

TEST(SeccompNotifyTest, WhatIsNoAnswerToTheCallIsNotTaken) {
  const seccomp_notif_resp good{.id = 7, .val = 0, .error = 0, .flags = 0};
  EXPECT_FALSE(CheckedAnswer(Bytes(good), 8));
  EXPECT_FALSE(CheckedAnswer(Bytes(good).substr(1), 7));
  EXPECT_FALSE(CheckedAnswer("", 7));
  for (const seccomp_notif_resp& bad :
       {seccomp_notif_resp{.id = 7, .val = 0, .error = 0, .flags = 2},
        seccomp_notif_resp{.id = 7, .val = 0, .error = 0, .flags = 1U << 31 | 1},
        seccomp_notif_resp{.id = 7, .val = 1, .error = 0, .flags = 1},
        seccomp_notif_resp{.id = 7, .val = 0, .error = -EPERM, .flags = 1},
        seccomp_notif_resp{.id = 7, .val = 0, .error = EPERM, .flags = 0},
        seccomp_notif_resp{.id = 7, .val = 0, .error = -4096, .flags = 0}}) {
    EXPECT_FALSE(CheckedAnswer(Bytes(bad), 7));
  }
}

}  // namespace
}  // namespace lxcspec::runtime
