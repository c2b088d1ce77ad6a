// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/waiting.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

#include "conformance/harness/matchers.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

using std::chrono::milliseconds;
using ::testing::Ge;
using ::testing::HasSubstr;

TEST(EventuallyTest, LooksUntilTheValueMatches) {
  int looks = 0;
  EXPECT_TRUE(Eventually([&] { return ++looks; }, Ge(3)));
  EXPECT_EQ(looks, 3);
}

TEST(EventuallyTest, SaysWhatItSawLast) {
  const auto outcome = Eventually([] { return 7; }, Ge(8), milliseconds(0));
  EXPECT_FALSE(outcome);
  EXPECT_THAT(outcome.message(), HasSubstr("last: 7"));
}

TEST(AwaitExitTest, AnEndedProcessHasEnded) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  EXPECT_OK(AwaitExit(child));
  waitpid(child, nullptr, 0);
  EXPECT_OK(AwaitExit(child));
}

TEST(AwaitExitTest, ALivingProcessTimesOut) {
  EXPECT_THAT(AwaitExit(getpid(), milliseconds(1)), FailsWithErrno(ETIMEDOUT));
}

TEST(AwaitReadableTest, SeesDataAndTheLackOfIt) {
  int fds[2];
  ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
  UniqueFd from(fds[0]);
  UniqueFd to(fds[1]);
  EXPECT_THAT(AwaitReadable(from.get(), milliseconds(1)), FailsWithErrno(ETIMEDOUT));
  ASSERT_EQ(write(to.get(), "x", 1), 1);
  EXPECT_OK(AwaitReadable(from.get()));
}

}  // namespace
}  // namespace lxcspec
