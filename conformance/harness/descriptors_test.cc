// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/descriptors.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conformance/harness/waiting.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(DescriptorsTest, NothingNewIsNoLeak) {
  const auto before = OpenDescriptors();
  EXPECT_THAT(NewDescriptors(before), IsEmpty());
}

TEST(DescriptorsTest, NamesWhatWasLeftOpen) {
  const auto before = OpenDescriptors();
  UniqueFd left(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_THAT(NewDescriptors(before),
              ElementsAre(LeakInside{.leak_class = "fd", .what = "/dev/null"}));
}

TEST(DescriptorsTest, ANumberUsedForSomethingElseIsALeak) {
  UniqueFd first(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const auto before = OpenDescriptors();
  UniqueFd second(open("/dev/zero", O_RDONLY | O_CLOEXEC));
  dup3(second.get(), first.get(), O_CLOEXEC);
  second.Reset();
  EXPECT_THAT(NewDescriptors(before),
              ElementsAre(LeakInside{.leak_class = "fd", .what = "/dev/zero"}));
}

TEST(DescriptorsTest, LeavesInodeNumbersOut) {
  const auto before = OpenDescriptors();
  UniqueFd left(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_THAT(NewDescriptors(before),
              ElementsAre(LeakInside{.leak_class = "fd", .what = "socket"}));
}

TEST(ZombiesTest, ReportsAChildThatNobodyWaitedFor) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  ASSERT_TRUE(AwaitExit(child).has_value());
  EXPECT_EQ(Zombies().size(), 1u);
  EXPECT_THAT(Zombies(), IsEmpty());
}

}  // namespace
}  // namespace lxcspec
