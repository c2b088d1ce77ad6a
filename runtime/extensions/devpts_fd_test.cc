// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/devpts_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace lxcspec::runtime {
namespace {

TEST(DevptsFdTest, ClientGetsItsOwnDescriptorOfTheInstance) {
  const UniqueFd devpts(open("/dev/pts", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const auto copy = DevptsFdForClient(devpts);
  ASSERT_TRUE(copy) << copy.error().ToString();
  struct stat ours {};
  struct stat theirs {};
  ASSERT_EQ(fstat(devpts.get(), &ours), 0);
  ASSERT_EQ(fstat(copy->get(), &theirs), 0);

  EXPECT_NE(copy->get(), devpts.get());
  EXPECT_EQ(ours.st_dev, theirs.st_dev);
  EXPECT_NE(fcntl(copy->get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(fcntl(copy->get(), F_GETFL) & O_PATH, 0);
}

TEST(DevptsFdTest, ContainerWithoutDevptsFailsWithEbadf) {
  const auto copy = DevptsFdForClient(UniqueFd());

  ASSERT_FALSE(copy);
  EXPECT_EQ(copy.error().code, EBADF);
}

TEST(DevptsFdTest, WhatIsNoDevptsIsNotGiven) {
  const UniqueFd folder(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const auto copy = DevptsFdForClient(folder);

  ASSERT_FALSE(copy);
  EXPECT_EQ(copy.error().code, EBADF);
}

}  // namespace
}  // namespace lxcspec::runtime
