// SPDX-License-Identifier: Apache-2.0
//
// Makes mounts in a namespace of a child, and needs root for it.

#include "runtime/extensions/mount_injection.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "runtime/kernel/mount.h"
#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

int CodeOf(const Status& status) { return status ? 0 : status.error().code; }

template <typename T>
int CodeOf(const Result<T>& result) {
  return result ? 0 : result.error().code;
}

InjectedMount Bind(unsigned long more_flags = 0) {
  return {.source = "/source",
          .target = "/target",
          .type = "",
          .flags = MS_BIND | more_flags,
          .data = ""};
}

InjectedMount Tmpfs(unsigned long flags = 0) {
  return {.source = "", .target = "/target", .type = "tmpfs", .flags = flags, .data = ""};
}

// In a child with mounts of its own.
bool InPrivateMounts(const std::function<bool()>& work) {
  const pid_t child = fork();
  if (child == 0) _exit(EnterPrivateMounts() && work() ? EXIT_SUCCESS : EXIT_FAILURE);
  int status = 0;
  return waitpid(child, &status, 0) == child && status == 0;
}

class MountInjectionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "/injection.XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    fd_ = UniqueFd(open(pattern.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  void TearDown() override { fs::remove_all(root_); }

  fs::path root_;
  UniqueFd fd_;
};

TEST(MountInjectionCallTest, BindsAndFileSystemsAreTaken) {
  EXPECT_EQ(CodeOf(CheckInjection(Bind())), 0);
  EXPECT_EQ(CodeOf(CheckInjection(Bind(MS_REC | MS_RDONLY | MS_NOATIME | MS_SLAVE))), 0);
  EXPECT_EQ(CodeOf(CheckInjection(Tmpfs(MS_NOSUID | MS_SYNCHRONOUS))), 0);
}

TEST(MountInjectionCallTest, WhatIsNoNewMountIsRefused) {
  for (const unsigned long flag : {MS_MOVE, MS_REMOUNT}) {
    EXPECT_EQ(CodeOf(CheckInjection(Bind(flag))), EINVAL) << flag;
    EXPECT_EQ(CodeOf(CheckInjection(Tmpfs(flag))), EINVAL) << flag;
  }
  InjectedMount propagation = Bind();
  propagation.flags = MS_PRIVATE;
  EXPECT_EQ(CodeOf(CheckInjection(propagation)), EINVAL);
}

TEST(MountInjectionCallTest, FlagsThatCouldNotHoldAreRefused) {
  EXPECT_EQ(CodeOf(CheckInjection(Bind(MS_SYNCHRONOUS))), EINVAL);
  EXPECT_EQ(CodeOf(CheckInjection(Bind(MS_NOSYMFOLLOW))), EINVAL);
  EXPECT_EQ(CodeOf(CheckInjection(Bind(MS_SHARED | MS_PRIVATE))), EINVAL);
}

TEST(MountInjectionCallTest, BothEndsAreWanted) {
  InjectedMount request = Bind();
  request.source = "";
  EXPECT_EQ(CodeOf(CheckInjection(request)), EINVAL);
  for (const char* target : {"", "relative", "./target"}) {
    EXPECT_EQ(CodeOf(CheckInjectionTarget(target)), EINVAL) << target;
  }
  request = Tmpfs();
  request.type = "";
  EXPECT_EQ(CodeOf(CheckInjection(request)), EINVAL);
}

TEST(MountInjectionCallTest, MagicOfLongAgoIsNoPropagation) {
  EXPECT_EQ(WithoutMagic(MS_MGC_VAL | MS_BIND), static_cast<unsigned long>(MS_BIND));
  EXPECT_EQ(WithoutMagic(MS_BIND | MS_SHARED), static_cast<unsigned long>(MS_BIND | MS_SHARED));
}

TEST_F(MountInjectionTest, FolderIsMadeWithItsParents) {
  EXPECT_EQ(CodeOf(FolderForInjection(fd_.get(), "/a/b/c")), 0);
  EXPECT_TRUE(fs::is_directory(root_ / "a/b/c"));
}

TEST_F(MountInjectionTest, FileIsNoFolder) {
  std::ofstream(root_ / "file") << "kept";
  EXPECT_EQ(CodeOf(FolderForInjection(fd_.get(), "/file")), ENOTDIR);
  EXPECT_EQ(CodeOf(FolderForInjection(fd_.get(), "/file/below")), ENOTDIR);
  EXPECT_EQ(fs::file_size(root_ / "file"), 4U);
}

TEST_F(MountInjectionTest, LinksAreOfTheContainer) {
  fs::create_symlink("/etc", root_ / "link");
  fs::create_symlink("/nowhere", root_ / "dangling");
  EXPECT_EQ(CodeOf(FolderForInjection(fd_.get(), "/link")), ENOENT);
  fs::create_directory(root_ / "etc");
  EXPECT_EQ(CodeOf(FolderForInjection(fd_.get(), "/link/new")), 0);
  EXPECT_TRUE(fs::is_directory(root_ / "etc/new"));
  EXPECT_EQ(CodeOf(FolderForInjection(fd_.get(), "/dangling")), ENOENT);
}

TEST_F(MountInjectionTest, FlagsHoldForABindAndWhatIsBelow) {
  fs::create_directories(root_ / "source/below");
  fs::create_directory(root_ / "place");
  EXPECT_TRUE(InPrivateMounts([&] {
    if (mount("none", (root_ / "source/below").c_str(), "tmpfs", 0, nullptr) != 0) return false;
    InjectedMount request = Bind(MS_REC | MS_RDONLY);
    request.source = root_ / "source";
    const auto made = MakeInjection(request);
    const UniqueFd place(open((root_ / "place").c_str(), O_PATH | O_CLOEXEC));
    if (!made || !AttachMount(made->get(), place.get())) return false;
    if (!RestrictInjection(made->get(), request)) return false;
    const auto refused = [&](const fs::path& path) {
      return open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600) < 0 && errno == EROFS;
    };
    return refused(root_ / "place/new") && refused(root_ / "place/below/new") &&
           !refused(root_ / "source/new");
  }));
}

TEST_F(MountInjectionTest, UnknownTypeAndOptionAreTold) {
  InjectedMount request = Tmpfs();
  request.data = "no-such-option=1";
  EXPECT_EQ(CodeOf(MakeInjection(request)), EINVAL);
  request.type = "no-such-type";
  EXPECT_EQ(CodeOf(MakeInjection(request)), ENODEV);
}

}  // namespace
}  // namespace lxcspec::runtime
