// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/descriptors.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace lxcspec::runtime {
namespace {

TEST(DescriptorsTest, OnlyTheKeptOnesStayOpen) {
  const pid_t child = fork();
  if (child == 0) {
    for (const int fd : {60, 61, 62}) dup2(STDERR_FILENO, fd);
    CloseOthers({61, STDERR_FILENO, -1, 61});
    const bool kept = fcntl(61, F_GETFD) >= 0 && fcntl(STDERR_FILENO, F_GETFD) >= 0;
    const bool closed = fcntl(60, F_GETFD) < 0 && fcntl(62, F_GETFD) < 0 && fcntl(0, F_GETFD) < 0;
    _exit(kept && closed ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace lxcspec::runtime
