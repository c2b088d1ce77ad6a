// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/idmap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <functional>

#include "runtime/kernel/clone.h"
#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

using ::testing::HasSubstr;

constexpr std::array<IdRange, 2> kMaps = {
    {{.kind = IdKind::kUser, .inside = 0, .outside = 231072, .count = 100},
     {.kind = IdKind::kGroup, .inside = 5, .outside = 331072, .count = 10}}};

// A process that waits in a user namespace of its own.
class Waiting {
 public:
  Waiting() {
    auto cloned = Clone({.namespaces = CLONE_NEWUSER});
    EXPECT_TRUE(cloned);
    if (!cloned) return;
    if (cloned->pid == 0) {
      while (true) pause();
    }
    pid_ = cloned->pid;
  }
  ~Waiting() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

// The exit status of something done by an ordinary user in a process of its own; 0 if it is true.
int AsOrdinaryUser(const std::function<bool()>& action) {
  constexpr uid_t kUser = 4242;
  const pid_t child = fork();
  if (child == 0) {
    // Its files in /proc would be root's otherwise, as those of a program with the set-id bit are.
    const bool became = setresgid(kUser, kUser, kUser) == 0 &&
                        setresuid(kUser, kUser, kUser) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0;
    _exit(became && action() ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

TEST(IdMapTest, RootWritesBothMaps) {
  const Waiting process;

  ASSERT_TRUE(WriteIdMaps(process.pid(), kMaps));

  const std::string folder = "/proc/" + std::to_string(process.pid());
  EXPECT_THAT(ReadWhole(folder + "/uid_map").value_or(""), HasSubstr("231072"));
  EXPECT_THAT(ReadWhole(folder + "/gid_map").value_or(""), HasSubstr("331072"));
  EXPECT_EQ(ReadWhole(folder + "/setgroups").value_or(""), "allow\n");
}

TEST(IdMapTest, OrdinaryUserMapsItsOwnIdItself) {
  EXPECT_EQ(AsOrdinaryUser([] {
              const Waiting process;
              const std::array<IdRange, 2> own = {
                  {{.kind = IdKind::kUser, .inside = 0, .outside = getuid(), .count = 1},
                   {.kind = IdKind::kGroup, .inside = 0, .outside = getgid(), .count = 1}}};
              return WriteIdMaps(process.pid(), own).has_value();
            }),
            0);
}

TEST(IdMapTest, OrdinaryUserWithoutARangeIsRefused) {
  EXPECT_EQ(AsOrdinaryUser([] {
              const Waiting process;
              const Status written = WriteIdMaps(process.pid(), kMaps);
              // ENOENT where newgidmap is not installed.
              return !written &&
                     (written.error().code == EPERM || written.error().code == ENOENT) &&
                     written.error().attempted.find("newgidmap") != std::string::npos;
            }),
            0);
}

TEST(IdMapTest, BothKindsAreNeeded) {
  EXPECT_EQ(WriteIdMaps(getpid(), {kMaps.data(), 1}).error().code, EINVAL);
}

TEST(IdMapTest, IdsAreFoundInTheirRanges) {
  EXPECT_EQ(OutsideId(kMaps, IdKind::kUser, 99), 231171U);
  EXPECT_EQ(OutsideId(kMaps, IdKind::kUser, 100), std::nullopt);
  EXPECT_EQ(OutsideId(kMaps, IdKind::kGroup, 4), std::nullopt);
}

TEST(IdMapTest, IdsAreFoundInARangeThatBeginsAboveZero) {
  constexpr std::array<IdRange, 1> kAbove = {{{IdKind::kUser, 1000, 231072, 10}}};

  EXPECT_EQ(OutsideId(kAbove, IdKind::kUser, 999), std::nullopt);
  EXPECT_EQ(OutsideId(kAbove, IdKind::kUser, 1000), 231072U);
  EXPECT_EQ(OutsideId(kAbove, IdKind::kUser, 1009), 231081U);
  EXPECT_EQ(OutsideId(kAbove, IdKind::kUser, 1010), std::nullopt);
}

}  // namespace
}  // namespace lxcspec::runtime
