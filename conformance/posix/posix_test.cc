// SPDX-License-Identifier: Apache-2.0

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

#include "conformance/posix/result.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

bool IsOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }

TEST(UniqueFdTest, ClosesWhatItOwns) {
  const int raw = open("/dev/null", O_RDONLY | O_CLOEXEC);
  { UniqueFd fd(raw); }
  EXPECT_FALSE(IsOpen(raw));
}

TEST(UniqueFdTest, MoveLeavesTheSourceEmpty) {
  UniqueFd from(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int raw = from.get();
  UniqueFd to = std::move(from);
  EXPECT_EQ(to.get(), raw);
  EXPECT_FALSE(from);  // NOLINT(bugprone-use-after-move): what a moved-from owner holds is the test
  EXPECT_TRUE(IsOpen(raw));
}

TEST(UniqueFdTest, ReleaseGivesUpOwnership) {
  const int raw = UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)).Release();
  EXPECT_TRUE(IsOpen(raw));
  close(raw);
}

TEST(UniqueFdTest, ClosingKeepsErrno) {
  UniqueFd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
  errno = ENODATA;
  fd.Reset();
  EXPECT_EQ(errno, ENODATA);
}

TEST(ErrorTest, NamesTheErrnoAndTheCall) {
  EXPECT_EQ((Error{.code = ENOENT, .attempted = "open(/x)"}).ToString(),
            "open(/x): ENOENT (No such file or directory)");
}

TEST(ErrorTest, SaysWhenThereIsNoErrno) {
  EXPECT_EQ((Error{.code = 0, .attempted = "start()"}).ToString(),
            "start(): failed without an errno");
}

Result<int> Half(int number) {
  if (number % 2 != 0) return Fail(EINVAL, "halve");
  return number / 2;
}

Result<int> Quarter(int number) {
  ASSIGN_OR_RETURN(const int half, Half(number));
  return Half(half);
}

TEST(ResultTest, AssignOrReturnPassesValuesAndErrors) {
  EXPECT_EQ(Quarter(8).value(), 2);
  EXPECT_EQ(Quarter(3).error().code, EINVAL);
}

}  // namespace
}  // namespace lxcspec
