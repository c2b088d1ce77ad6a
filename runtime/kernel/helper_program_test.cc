// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/helper_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace lxcspec::runtime {
namespace {

using ::testing::HasSubstr;

TEST(HelperProgramTest, ItsOutputIsReturned) {
  EXPECT_EQ(RunHelper({"sh", "-c", "echo out; echo err >&2"}).value(), "out");
}

TEST(HelperProgramTest, LongOutputIsReturnedWhole) {
  EXPECT_EQ(RunHelper({"sh", "-c", "head -c 300000 /dev/zero | tr '\\0' x"}).value().size(),
            300000U);
}

TEST(HelperProgramTest, ItsFailureIsTold) {
  const auto run = RunHelper({"sh", "-c", "echo sorry >&2; exit 3"});
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().code, EPERM);
  EXPECT_THAT(run.error().attempted, HasSubstr("exit 3: sorry"));
}

TEST(HelperProgramTest, DeathByASignalIsAFailure) {
  const auto run = RunHelper({"sh", "-c", "kill -9 $$"});
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().code, EPERM);
}

TEST(HelperProgramTest, OneThatIsNotThereIsEnoent) {
  EXPECT_EQ(RunHelper({"/nowhere/helper"}).error().code, ENOENT);
}

}  // namespace
}  // namespace lxcspec::runtime
