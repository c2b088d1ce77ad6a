// SPDX-License-Identifier: Apache-2.0
//
// Mounts in children with mounts of their own, and needs root for it.

#include "runtime/container/injection/injection.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "runtime/container/injection/exchange.h"
#include "runtime/container/storage/child.h"
#include "runtime/kernel/clone.h"
#include "runtime/kernel/idmap.h"
#include "runtime/kernel/mount.h"
#include "runtime/kernel/path.h"
#include "runtime/kernel/pidfd.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kOutsideId = 100000;
constexpr uint32_t kIds = 65536;

int CodeOf(const Status& status) { return status ? 0 : status.error().code; }

// With a user namespace and without.
class InjectionTest : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "/injection.XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    fs::permissions(folder_, fs::perms::others_exec | fs::perms::others_read,
                    fs::perm_options::add);
    for (const char* name : {"root", "root/proc", "root/place", "source", "exchange"}) {
      fs::create_directory(folder_ / name);
    }
    std::ofstream(folder_ / "source/file") << "from outside";
    if (GetParam()) {
      for (const char* name : {"root", "root/place"}) {
        ASSERT_EQ(chown((folder_ / name).c_str(), kOutsideId, kOutsideId), 0);
      }
    }
    StartInit();
  }

  void TearDown() override {
    if (init_.pidfd.valid()) {
      EXPECT_TRUE(SendSignal(init_.pidfd, SIGKILL));
      EXPECT_TRUE(Reap(init_.pidfd));
    }
    fs::remove_all(folder_);
  }

  void StartInit() {
    std::array<int, 2> go{};
    std::array<int, 2> ready{};
    ASSERT_EQ(pipe2(go.data(), O_CLOEXEC), 0);
    ASSERT_EQ(pipe2(ready.data(), O_CLOEXEC), 0);
    auto cloned = Clone({.namespaces = CLONE_NEWNS | (GetParam() ? CLONE_NEWUSER : 0UL)});
    ASSERT_TRUE(cloned) << cloned.error().ToString();
    char byte = 0;
    if (cloned->pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      close(go[1]);
      if (read(go[0], &byte, 1) != 0 || !Settle()) _exit(EXIT_FAILURE);
      if (write(ready[1], "", 1) != 1) _exit(EXIT_FAILURE);
      while (true) pause();
    }
    init_ = *std::move(cloned);
    if (GetParam()) {
      const std::array<IdRange, 2> maps = {
          {{.kind = IdKind::kUser, .inside = 0, .outside = kOutsideId, .count = kIds},
           {.kind = IdKind::kGroup, .inside = 0, .outside = kOutsideId, .count = kIds}}};
      ASSERT_TRUE(WriteIdMaps(init_.pid, maps));
    }
    for (const int end : {go[0], go[1], ready[1]}) close(end);
    ASSERT_EQ(read(ready[0], &byte, 1), 1);
    close(ready[0]);
  }

  // As an init does it: the folder becomes the root of its mounts.
  bool Settle() const {
    const std::string root = folder_ / "root";
    if (mount(nullptr, "/", nullptr, MS_SLAVE | MS_REC, nullptr) != 0) return false;
    if (mount(root.c_str(), root.c_str(), nullptr, MS_BIND, nullptr) != 0) return false;
    const UniqueFd fd(open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    return static_cast<bool>(PivotRoot(fd.get()));
  }

  int Inject(const InjectedMount& request) const {
    return CodeOf(InjectMount(init_.pidfd, init_.pid, request,
                              [] { return Failure(ENOTSUP, "no exchange folder here"); }));
  }

  int Bind(const std::string& target, unsigned long flags = 0) const {
    return Inject({.source = folder_ / "source",
                   .target = target,
                   .type = "",
                   .flags = MS_BIND | flags,
                   .data = ""});
  }

  int Remove(const std::string& target, unsigned long flags = 0) const {
    return CodeOf(RemoveMount(init_.pidfd, init_.pid, target, flags));
  }

  fs::path Inside(const std::string& path) const {
    return "/proc/" + std::to_string(init_.pid) + "/root" + path;
  }

  fs::path folder_;
  Cloned init_;
};

INSTANTIATE_TEST_SUITE_P(All, InjectionTest, ::testing::Bool(), [](const auto& tested) {
  return tested.param ? "UserNamespace" : "Privileged";
});

TEST_P(InjectionTest, ABindComesAndGoes) {
  ASSERT_EQ(Bind("/place"), 0);
  EXPECT_TRUE(fs::exists(Inside("/place/file")));
  ASSERT_EQ(Remove("/place"), 0);
  EXPECT_FALSE(fs::exists(Inside("/place/file")));
  EXPECT_EQ(Remove("/place"), EINVAL);
}

TEST_P(InjectionTest, AReadOnlyBindIsThat) {
  ASSERT_EQ(Bind("/place", MS_RDONLY), 0);
  EXPECT_LT(open(Inside("/place/file").c_str(), O_WRONLY | O_CLOEXEC), 0);
  EXPECT_EQ(errno, EROFS);
}

TEST_P(InjectionTest, AFileSystemComes) {
  ASSERT_EQ(Inject({.source = "a-name",
                    .target = "/made/here",
                    .type = "tmpfs",
                    .flags = MS_NOEXEC,
                    .data = "size=4096"}),
            0);
  EXPECT_TRUE(fs::is_directory(Inside("/made/here")));
}

TEST_P(InjectionTest, WhatIsInTheWayStays) {
  std::ofstream(folder_ / "root/file") << "kept";
  EXPECT_EQ(Bind("/file"), ENOTDIR);
  EXPECT_EQ(fs::file_size(folder_ / "root/file"), 4U);
}

TEST_P(InjectionTest, LinksLeadNowhereOutside) {
  fs::create_symlink(folder_ / "exchange", folder_ / "root/link");
  EXPECT_NE(Bind("/link/new"), 0);
  EXPECT_TRUE(fs::is_empty(folder_ / "exchange"));
}

TEST_P(InjectionTest, AnEndedContainerIsNone) {
  ASSERT_TRUE(SendSignal(init_.pidfd, SIGKILL));
  ASSERT_TRUE(Reap(init_.pidfd));
  EXPECT_EQ(Bind("/place"), ESRCH);
  EXPECT_EQ(Remove("/place"), ESRCH);
  init_.pidfd = UniqueFd();
}

TEST_P(InjectionTest, MistakesAreTold) {
  EXPECT_EQ(Bind("place"), EINVAL);
  EXPECT_EQ(Remove("place"), EINVAL);
  EXPECT_EQ(Remove("/not-there"), ENOENT);
  EXPECT_EQ(Remove("/place", 1UL << 40), EINVAL);
}

TEST(LimitTest, WhatTakesTooLongIsEnded) {
  constexpr std::chrono::milliseconds kShort(50);
  EXPECT_EQ(CodeOf(RunInChildWithin(kShort,
                                    []() -> Status {
                                      while (true) pause();
                                    })),
            ETIMEDOUT);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(LimitTest, WhatIsInTimeAnswersForItself) {
  constexpr std::chrono::minutes kLong(1);
  EXPECT_EQ(CodeOf(RunInChildWithin(kLong, [] { return Status(); })), 0);
  EXPECT_EQ(CodeOf(RunInChildWithin(kLong, []() -> Status { return Failure(EXDEV, ""); })), EXDEV);
}

TEST(ExchangeFolderTest, IsFoundAmongOtherWords) {
  const auto folder = ExchangeFolderOf("proc:mixed\nshmounts:/host:/inside\n");
  ASSERT_TRUE(folder);
  EXPECT_EQ(folder->on_host, "/host");
  EXPECT_EQ(folder->in_container, "/inside");
}

TEST(ExchangeFolderTest, IsNotThereWithoutItsWord) {
  for (const char* words : {"", "proc:mixed sys:ro", "shmounts:"}) {
    const auto folder = ExchangeFolderOf(words);
    ASSERT_FALSE(folder) << words;
    EXPECT_EQ(folder.error().code, EINVAL) << words;
  }
}

}  // namespace
}  // namespace lxcspec::runtime
