// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/one_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conformance/harness/environment.h"

namespace lxcspec {
namespace {

using ::testing::HasSubstr;

class OneProcessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ForgetNotOffered();
    TestEnvironment().testee = "exec:/bin/testee";
  }
  void TearDown() override { TestEnvironment().testee.clear(); }
};

TEST_F(OneProcessTest, FirstNoteCounts) {
  EXPECT_EQ(NotOffered(), "");
  NoteNotOffered("first");
  NoteNotOffered("second");
  EXPECT_EQ(NotOffered(), "first");
  ForgetNotOffered();
  EXPECT_EQ(NotOffered(), "");
}

TEST_F(OneProcessTest, LongNoteIsCut) {
  NoteNotOffered(std::string(100000, 'x'));
  EXPECT_EQ(NotOffered().find_first_not_of('x'), std::string::npos);
}

TEST_F(OneProcessTest, NoteOfAForkedProcessCounts) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    NoteNotOffered("from a child");
    _exit(0);
  }
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_EQ(NotOffered(), "from a child");
}

TEST_F(OneProcessTest, OnlyWithATesteeOfItsOwnThereIsNoOneProcess) {
  RelyOnOneProcess("the umask");
  EXPECT_THAT(NotOffered(), HasSubstr("the umask"));
  ForgetNotOffered();
  TestEnvironment().testee = "/usr/lib/liblxc.so.1";
  RelyOnOneProcess("the umask");
  EXPECT_EQ(NotOffered(), "");
}

}  // namespace
}  // namespace lxcspec
