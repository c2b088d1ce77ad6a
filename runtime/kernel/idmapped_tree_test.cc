// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/idmapped_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <string>

#include "runtime/kernel/clone.h"
#include "runtime/kernel/idmap.h"

namespace lxcspec::runtime {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kWayOut[] = "give the files to the ids that lxc.idmap maps to";

// A namespace without maps is refused for that.
constexpr std::array<IdRange, 2> kMaps = {
    {{.kind = IdKind::kUser, .inside = 0, .outside = 231072, .count = 100},
     {.kind = IdKind::kGroup, .inside = 0, .outside = 231072, .count = 100}}};

class IdMappedTreeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto cloned = Clone({.namespaces = CLONE_NEWUSER});
    ASSERT_TRUE(cloned);
    if (cloned->pid == 0) {
      while (true) pause();
    }
    waiting_ = cloned->pid;
    ASSERT_TRUE(WriteIdMaps(waiting_, kMaps));
    auto users = OpenIdMapSource(std::string(kOwnMap), waiting_);
    ASSERT_TRUE(users);
    users_ = *std::move(users);
  }

  void TearDown() override {
    if (waiting_ <= 0) return;
    kill(waiting_, SIGKILL);
    waitpid(waiting_, nullptr, 0);
  }

  static UniqueFd Tree(const char* path, bool recursive) {
    const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
    return UniqueFd(static_cast<int>(syscall(SYS_open_tree, AT_FDCWD, path, flags)));
  }

  static void ExpectRefused(const Status& mapped, const char* because) {
    ASSERT_FALSE(mapped);
    const bool kernel_can = HasIdMappedMounts();
    EXPECT_EQ(mapped.error().code, kernel_can ? EINVAL : ENOSYS);
    EXPECT_THAT(mapped.error().attempted,
                AllOf(HasSubstr(kernel_can ? because : "Linux 5.12"), HasSubstr(kWayOut)));
  }

  UniqueFd users_;

 private:
  pid_t waiting_ = -1;
};

TEST_F(IdMappedTreeTest, FileSystemThatCannotIsNamedWithTheWayOut) {
  for (const bool recursive : {false, true}) {
    const UniqueFd tree = Tree("/proc", recursive);
    ASSERT_TRUE(tree.valid());
    ExpectRefused(MapTree(tree.get(), users_.get(), recursive), ": proc cannot be id-mapped");
  }
}

TEST_F(IdMappedTreeTest, FileSystemBelowThatCannotIsToldFromTheOneAbove) {
  std::string folder = testing::TempDir() + "/idmapped-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  ASSERT_EQ(mount("tmpfs", folder.c_str(), "tmpfs", 0, nullptr), 0);
  // Since Linux 6.3.
  const bool tmpfs_can =
      MapTree(Tree(folder.c_str(), false).get(), users_.get(), false).has_value();
  const std::string below = folder + "/below";
  EXPECT_EQ(mkdir(below.c_str(), 0755), 0);
  EXPECT_EQ(mount("proc", below.c_str(), "proc", 0, nullptr), 0);

  const UniqueFd tree = Tree(folder.c_str(), true);
  const Status mapped = MapTree(tree.get(), users_.get(), true);

  EXPECT_EQ(umount2(folder.c_str(), MNT_DETACH), 0);
  EXPECT_EQ(rmdir(folder.c_str()), 0);
  ExpectRefused(mapped, tmpfs_can ? "mounted below cannot be id-mapped" : ": tmpfs cannot be");
}

// In a child, whose system calls are what it has instead of an older kernel.
TEST_F(IdMappedTreeTest, KernelThatCannotIsNamedWithTheWayOut) {
  const UniqueFd tree = Tree("/proc", false);
  const pid_t child = fork();
  if (child == 0) {
    std::array<sock_filter, 4> filter = {
        {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mount_setattr, 0, 1),
         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
    const sock_fprog program = {.len = filter.size(), .filter = filter.data()};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) _exit(2);
    const Status mapped = MapTree(tree.get(), users_.get(), true);
    EXPECT_FALSE(HasIdMappedMounts());
    ExpectRefused(mapped, "never");
    _exit(HasFailure() ? 1 : 0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace lxcspec::runtime
