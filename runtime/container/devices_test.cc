// SPDX-License-Identifier: Apache-2.0
//
// Makes device nodes in a folder that is a child's root, and needs root for it.

#include "runtime/container/devices.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "runtime/kernel/clone.h"
#include "runtime/kernel/pidfd.h"

namespace lxcspec::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class DevicesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "/devices.XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    ASSERT_TRUE(std::filesystem::create_directory(root_ + "/dev"));
    std::array<int, 2> ready{};
    ASSERT_EQ(pipe2(ready.data(), O_CLOEXEC), 0);
    auto cloned = Clone({.namespaces = CLONE_NEWNS});
    ASSERT_TRUE(cloned) << cloned.error().ToString();
    if (cloned->pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (chroot(root_.c_str()) != 0 || chdir("/") != 0) _exit(EXIT_FAILURE);
      close(ready[1]);
      while (true) pause();
    }
    init_ = *std::move(cloned);
    close(ready[1]);
    char byte = 0;
    EXPECT_EQ(read(ready[0], &byte, 1), 0);
    close(ready[0]);
  }

  void TearDown() override {
    if (init_.pidfd.valid()) {
      EXPECT_TRUE(SendSignal(init_.pidfd, SIGKILL));
      EXPECT_TRUE(Reap(init_.pidfd));
    }
    std::filesystem::remove_all(root_);
  }

  Status Add(const std::string& source, const std::string& destination) {
    return AddDeviceNode(init_.pidfd, init_.pid, source, destination, Writer());
  }
  Status Remove(const std::string& source, const std::string& destination) {
    return RemoveDeviceNode(init_.pidfd, init_.pid, source, destination, Writer());
  }

  DeviceRuleWriter Writer() {
    return [this](const std::string& file, const std::string& rule) -> Status {
      if (refused_ != 0) return Failure(refused_, file);
      rules_.push_back(file + " " + rule);
      return {};
    };
  }

  bool IsNull(const std::string& path) const {
    struct stat found = {};
    return lstat((root_ + path).c_str(), &found) == 0 && S_ISCHR(found.st_mode) &&
           found.st_rdev == makedev(1, 3) && (found.st_mode & 0777) == 0666;
  }

  std::string root_;
  Cloned init_;
  std::vector<std::string> rules_;
  int refused_ = 0;
};

TEST_F(DevicesTest, ANodeComesAllowedAndGoesDenied) {
  const Status added = Add("/dev/null", "/dev/more/nothing");
  ASSERT_TRUE(added) << added.error().ToString();
  EXPECT_TRUE(IsNull("/dev/more/nothing"));
  EXPECT_TRUE(Add("/dev/null", "/dev/more/nothing"));
  rules_.clear();
  const Status removed = Remove("/dev/null", "/dev/more/nothing");
  ASSERT_TRUE(removed) << removed.error().ToString();
  EXPECT_FALSE(std::filesystem::exists(root_ + "/dev/more/nothing"));
  EXPECT_THAT(rules_, ElementsAre("devices.deny c 1:3 rwm"));
}

TEST_F(DevicesTest, WithoutVersionOneTheNodeIsEnough) {
  refused_ = ENOENT;
  EXPECT_TRUE(Add("/dev/null", "/dev/nothing"));
  EXPECT_TRUE(IsNull("/dev/nothing"));
}

TEST_F(DevicesTest, ARefusedRuleLeavesNoNode) {
  refused_ = EPERM;
  EXPECT_EQ(Add("/dev/null", "/dev/nothing").error().code, EPERM);
  EXPECT_FALSE(std::filesystem::exists(root_ + "/dev/nothing"));
}

TEST_F(DevicesTest, LinksLeadNowhereOutside) {
  const std::string outside = root_ + "-outside";
  ASSERT_TRUE(std::filesystem::create_directory(outside));
  std::filesystem::create_symlink(outside, root_ + "/dev/absolute");
  std::filesystem::create_symlink("../../" + std::filesystem::path(outside).filename().string(),
                                  root_ + "/dev/relative");
  static_cast<void>(Add("/dev/null", "/dev/absolute/nothing"));
  static_cast<void>(Add("/dev/null", "/dev/relative/nothing"));
  EXPECT_TRUE(std::filesystem::is_empty(outside));
  std::filesystem::create_symlink(outside + "/nothing", root_ + "/dev/link");
  EXPECT_EQ(Add("/dev/null", "/dev/link").error().code, EEXIST);
  EXPECT_EQ(Remove("/dev/null", "/dev/link").error().code, EINVAL);
  EXPECT_TRUE(std::filesystem::is_empty(outside));
  std::filesystem::remove_all(outside);
}

TEST_F(DevicesTest, WhatIsNoDeviceOrNoPathIsRefused) {
  EXPECT_EQ(Add("/dev", "/dev/nothing").error().code, ENODEV);
  EXPECT_EQ(Add("/nonexistent", "/dev/nothing").error().code, ENOENT);
  EXPECT_EQ(Add("/dev/null", "relative").error().code, EINVAL);
  EXPECT_EQ(Add("/dev/null", "/dev/..").error().code, EINVAL);
  EXPECT_EQ(Remove("/dev/null", "/dev/nothing").error().code, ENOENT);
  EXPECT_THAT(rules_, IsEmpty());
}

}  // namespace
}  // namespace lxcspec::runtime
