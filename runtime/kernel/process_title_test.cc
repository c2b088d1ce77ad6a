// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/process_title.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

namespace lxcspec::runtime {
namespace {

std::string CommandLine() {
  std::ifstream file("/proc/self/cmdline");
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ProcessTitleTest, TheTextIsTheCommandLine) {
  const pid_t child = fork();
  if (child == 0) {
    const std::string title = "[lxc monitor] /var/lib/lxc " + std::string(300, 'c');
    SetProcessTitle(title);
    // At least what fits in the room of the old one.
    const std::string shown = CommandLine();
    const std::string start = shown.substr(0, shown.find('\0'));
    _exit(start.size() > 13 && title.starts_with(start) ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace lxcspec::runtime
