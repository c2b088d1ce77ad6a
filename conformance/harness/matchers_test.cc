// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/matchers.h"

#include <gtest/gtest-spi.h>

#include <cerrno>
#include <memory>
#include <string>

namespace lxcspec {
namespace {

using ::testing::Not;
using ::testing::Pointee;
using ::testing::StrEq;

Result<std::string> Text() { return "text"; }
Result<std::string> NoText() { return Fail(ENODATA, "read()"); }
Result<std::unique_ptr<int>> Owned() { return std::make_unique<int>(3); }

TEST(MatchersTest, FailsWithErrnoWantsThatErrno) {
  EXPECT_THAT(NoText(), FailsWithErrno(ENODATA));
  EXPECT_THAT(NoText(), Not(FailsWithErrno(EINVAL)));
  EXPECT_THAT(Text(), Not(FailsWithErrno(ENODATA)));
}

TEST(MatchersTest, SucceedsWithLooksAtTheValue) {
  EXPECT_THAT(Text(), SucceedsWith(StrEq("text")));
  EXPECT_THAT(Text(), Not(SucceedsWith(StrEq("other"))));
  EXPECT_THAT(NoText(), Not(SucceedsWith(StrEq("text"))));
}

TEST(MatchersTest, WorkOnValuesThatCannotBeCopied) {
  EXPECT_THAT(Owned(), Succeeds());
  EXPECT_THAT(Owned(), SucceedsWith(Pointee(3)));
  ASSERT_OK_AND_ASSIGN(const auto owned, Owned());
  EXPECT_EQ(*owned, 3);
}

TEST(MatchersTest, AFailureSaysWhatWasAttempted) {
  EXPECT_NONFATAL_FAILURE(EXPECT_OK(NoText()), "read(): ENODATA (No data available)");
  EXPECT_NONFATAL_FAILURE(EXPECT_THAT(NoText(), FailsWithErrno(EINVAL)), "fails with EINVAL");
}

TEST(MatchersTest, AStatusHasNoValue) {
  EXPECT_OK(Status());
  EXPECT_THAT(Status(Fail(EPERM, "x")), FailsWithErrno(EPERM));
  EXPECT_THAT(Status(Fail(EPERM, "x")), Fails());
}

}  // namespace
}  // namespace lxcspec
