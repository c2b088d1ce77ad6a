// SPDX-License-Identifier: Apache-2.0
//
// The descriptor itself: what it refers to, whose it is, and when there is none.

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include <cerrno>
#include <string>
#include <tuple>
#include <vector>

#include "conformance/harness/probed_container.h"
#include "conformance/harness/processes.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kStopSeconds = 10;
const ConfigItems kSomePtys = {{"lxc.pty.max", "8"}};

// A file, as the kernel tells it from others.
using Identity = std::tuple<dev_t, ino_t>;

Result<Identity> IdentityOf(const UniqueFd& fd) {
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) return FailErrno("fstat");
  return Identity(status.st_dev, status.st_ino);
}

Result<Identity> IdentityOf(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return FailErrno("stat " + path);
  return Identity(status.st_dev, status.st_ino);
}

std::string DevptsOf(pid_t init) { return "/proc/" + std::to_string(init) + "/root" + "/dev/pts"; }

std::string DevptsInside(const ProbedContainer& container) { return DevptsOf(container.init()); }

class DevptsFdTest : public ProbedContainerTest {
 protected:
  static Status StopAndWait(Container& container) {
    RETURN_IF_ERROR(container.Stop());
    return container.Wait("STOPPED", kStopSeconds);
  }
};

TEST_F(DevptsFdTest, IsAnnounced) {
  COVERS(spec::devpts_fd::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("devpts_fd"));
}

TEST_F(DevptsFdTest, RunningContainerGivesADirectoryOnDevpts) {
  COVERS(spec::devpts_fd::kIsDevpts);
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent(kSomePtys));

  ASSERT_OK_AND_ASSIGN(const UniqueFd devpts, container->DevptsFd());

  struct statfs filesystem {};
  ASSERT_EQ(fstatfs(devpts.get(), &filesystem), 0);
  EXPECT_EQ(filesystem.f_type, DEVPTS_SUPER_MAGIC);
  struct stat status {};
  ASSERT_EQ(fstat(devpts.get(), &status), 0);
  EXPECT_TRUE(S_ISDIR(status.st_mode));
}

TEST_F(DevptsFdTest, DirectoryIsTheOneInTheContainer) {
  COVERS(spec::devpts_fd::kContainersInstance);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kSomePtys));
  ASSERT_OK_AND_ASSIGN(const Identity inside, IdentityOf(DevptsInside(container)));

  ASSERT_OK_AND_ASSIGN(const UniqueFd devpts, container->DevptsFd());

  EXPECT_THAT(IdentityOf(devpts), SucceedsWith(inside));
}

TEST_F(DevptsFdTest, InstanceIsNotTheMachines) {
  COVERS(spec::devpts_fd::kOwnInstance);
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent(kSomePtys));
  ASSERT_OK_AND_ASSIGN(const Identity machines, IdentityOf("/dev/pts"));

  ASSERT_OK_AND_ASSIGN(const UniqueFd devpts, container->DevptsFd());

  EXPECT_THAT(IdentityOf(devpts), SucceedsWith(Not(machines)));
}

TEST_F(DevptsFdTest, TwoContainersHaveTwoInstances) {
  COVERS(spec::devpts_fd::kOwnInstance);
  ASSERT_OK_AND_ASSIGN(auto one, StartSilent(kSomePtys, "one"));
  ASSERT_OK_AND_ASSIGN(auto two, StartSilent(kSomePtys, "two"));

  ASSERT_OK_AND_ASSIGN(const UniqueFd of_one, one->DevptsFd());
  ASSERT_OK_AND_ASSIGN(const UniqueFd of_two, two->DevptsFd());

  ASSERT_OK_AND_ASSIGN(const Identity first, IdentityOf(of_one));
  EXPECT_THAT(IdentityOf(of_two), SucceedsWith(Not(first)));
}

TEST_F(DevptsFdTest, DescriptorIsPathOnly) {
  COVERS(spec::devpts_fd::kPathOnly);
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent(kSomePtys));

  ASSERT_OK_AND_ASSIGN(const UniqueFd devpts, container->DevptsFd());

  EXPECT_EQ(fcntl(devpts.get(), F_GETFL) & O_PATH, O_PATH);
}

TEST_F(DevptsFdTest, DescriptorIsCloseOnExec) {
  COVERS(spec::devpts_fd::kCloseOnExec);
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent(kSomePtys));

  ASSERT_OK_AND_ASSIGN(const UniqueFd devpts, container->DevptsFd());

  EXPECT_EQ(fcntl(devpts.get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(DevptsFdTest, ClosingOneDescriptorLeavesTheOthers) {
  COVERS(spec::devpts_fd::kCallerOwns);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kSomePtys));
  ASSERT_OK_AND_ASSIGN(const Identity inside, IdentityOf(DevptsInside(container)));
  ASSERT_OK_AND_ASSIGN(UniqueFd first, container->DevptsFd());
  ASSERT_OK_AND_ASSIGN(const UniqueFd second, container->DevptsFd());
  ASSERT_NE(first.get(), second.get());

  first.Reset();

  EXPECT_THAT(IdentityOf(second), SucceedsWith(inside));
  ASSERT_OK_AND_ASSIGN(const UniqueFd third, container->DevptsFd());
  EXPECT_THAT(IdentityOf(third), SucceedsWith(inside));
}

TEST_F(DevptsFdTest, CallOpensOneDescriptor) {
  COVERS(spec::devpts_fd::kLeavesNothingOpen);
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent(kSomePtys));
  const size_t before = OpenDescriptorCount();

  ASSERT_OK_AND_ASSIGN(UniqueFd devpts, container->DevptsFd());

  EXPECT_EQ(OpenDescriptorCount(), before + 1);
  devpts.Reset();
  EXPECT_EQ(OpenDescriptorCount(), before);
}

TEST_F(DevptsFdTest, FailedCallOpensNothing) {
  COVERS(spec::devpts_fd::kLeavesNothingOpen);
  ASSERT_OK_AND_ASSIGN(auto stopped, Configure({"pause"}, kSomePtys));
  ASSERT_OK_AND_ASSIGN(auto without, StartSilent({}, "without"));
  const size_t before = OpenDescriptorCount();

  ASSERT_THAT(stopped->DevptsFd(), Fails());
  ASSERT_THAT(without->DevptsFd(), Fails());

  EXPECT_EQ(OpenDescriptorCount(), before);
}

TEST_F(DevptsFdTest, AnotherObjectGivesTheSameDirectory) {
  COVERS(spec::devpts_fd::kAnyObject);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kSomePtys));
  ASSERT_OK_AND_ASSIGN(const Identity inside, IdentityOf(DevptsInside(container)));
  ASSERT_OK_AND_ASSIGN(auto other, NewContainer());

  ASSERT_OK_AND_ASSIGN(const UniqueFd devpts, other->DevptsFd());

  EXPECT_THAT(IdentityOf(devpts), SucceedsWith(inside));
}

TEST_F(DevptsFdTest, FrozenContainerGivesTheSameDirectory) {
  COVERS(spec::devpts_fd::kWhileFrozen);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kSomePtys));
  ASSERT_OK_AND_ASSIGN(const Identity inside, IdentityOf(DevptsInside(container)));
  ASSERT_OK(container->Freeze());

  ASSERT_OK_AND_ASSIGN(const UniqueFd devpts, container->DevptsFd());

  EXPECT_THAT(IdentityOf(devpts), SucceedsWith(inside));
  EXPECT_OK(container->Unfreeze());
}

TEST_F(DevptsFdTest, InitHasNoDescriptorOfTheDirectory) {
  COVERS(spec::devpts_fd::kNotInside);
  ConfigItems config = kSomePtys;
  config.emplace_back("lxc.mount.auto", "proc");
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(config));
  ASSERT_OK_AND_ASSIGN(const UniqueFd devpts, container->DevptsFd());

  ASSERT_OK_AND_ASSIGN(const std::string descriptors, container.Ask({"list-fds"}));

  EXPECT_THAT(descriptors, HasSubstr("socket:"));
  EXPECT_THAT(descriptors, Not(HasSubstr("/dev/pts\n")));
}

TEST_F(DevptsFdTest, CallWithoutAContainerFailsWithEbadf) {
  COVERS(spec::devpts_fd::kNullContainer);
  ASSERT_OK_AND_ASSIGN(auto null, testee().NullContainer());

  EXPECT_THAT(null->DevptsFd(), FailsWithErrno(EBADF));
}

struct NoInstance {
  std::string name;
  ConfigItems config;
};

class DevptsFdNoInstanceTest : public DevptsFdTest,
                               public ::testing::WithParamInterface<NoInstance> {};

TEST_P(DevptsFdNoInstanceTest, CallFailsWithEbadf) {
  COVERS(spec::devpts_fd::kNoInstance);
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent(GetParam().config));

  EXPECT_THAT(container->DevptsFd(), FailsWithErrno(EBADF));
}

INSTANTIATE_TEST_SUITE_P(
    All, DevptsFdNoInstanceTest,
    ::testing::Values(NoInstance{"Unset", {}}, NoInstance{"Zero", {{"lxc.pty.max", "0"}}},
                      NoInstance{"Cleared", {{"lxc.pty.max", "8"}, {"lxc.pty.max", ""}}},
                      NoInstance{"OnlyTtys", {{"lxc.tty.max", "2"}}}),
    [](const auto& each) { return each.param.name; });

TEST_F(DevptsFdTest, UndefinedContainerFailsWithEconnrefused) {
  COVERS(spec::devpts_fd::kStopped);
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());

  EXPECT_THAT(container->DevptsFd(), FailsWithErrno(ECONNREFUSED));
}

TEST_F(DevptsFdTest, NeverStartedContainerFailsWithEconnrefused) {
  COVERS(spec::devpts_fd::kStopped);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}, kSomePtys));

  EXPECT_THAT(container->DevptsFd(), FailsWithErrno(ECONNREFUSED));
}

TEST_F(DevptsFdTest, ContainerStoppedByRequestFailsWithEconnrefused) {
  COVERS(spec::devpts_fd::kAfterStop);
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent(kSomePtys));
  // One that was given before must not be remembered.
  ASSERT_OK(container->DevptsFd());
  ASSERT_OK(StopAndWait(*container));

  EXPECT_THAT(container->DevptsFd(), FailsWithErrno(ECONNREFUSED));
}

TEST_F(DevptsFdTest, ContainerThatEndedFailsWithEconnrefused) {
  COVERS(spec::devpts_fd::kAfterStop);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed(kSomePtys));
  ASSERT_OK(container->DevptsFd());
  ASSERT_OK(container.Tell({"exit", "0"}));
  ASSERT_OK(container->Wait("STOPPED", kStopSeconds));

  EXPECT_THAT(container->DevptsFd(), FailsWithErrno(ECONNREFUSED));
}

TEST_F(DevptsFdTest, WithoutFsmountTheDescriptorIsTheInstancesOrThereIsNone) {
  COVERS(spec::devpts_fd::kNoFsmount);
  ASSERT_OK(RefuseSystemCalls({SYS_fsopen, SYS_fsmount, SYS_open_tree, SYS_move_mount}, ENOSYS));

  ASSERT_OK_AND_ASSIGN(auto configured, Configure({"pause"}, kSomePtys));

  if (!configured->Start({})) return;  // it need not start
  const RunningContainer container(std::move(configured));
  const auto devpts = container->DevptsFd();
  if (devpts) {
    ASSERT_OK_AND_ASSIGN(const pid_t init, container->InitPid());
    ASSERT_OK_AND_ASSIGN(const Identity inside, IdentityOf(DevptsOf(init)));
    EXPECT_THAT(IdentityOf(*devpts), SucceedsWith(inside));
  } else {
    EXPECT_THAT(devpts, FailsWithErrno(EBADF));
  }
}

// The key.

TEST_F(DevptsFdTest, KeyReadsAsTheNumberThatItWasSetTo) {
  COVERS(spec::devpts_fd::kKeyReadsBack);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}));
  EXPECT_THAT(container->GetConfigItem("lxc.pty.max"), SucceedsWith("0"));

  for (const std::string number : {"1", "8", "1024", "0"}) {
    ASSERT_OK(container->SetConfigItem("lxc.pty.max", number));
    EXPECT_THAT(container->GetConfigItem("lxc.pty.max"), SucceedsWith(number));
  }
}

TEST_F(DevptsFdTest, ClearedKeyReadsAsZero) {
  COVERS(spec::devpts_fd::kKeyReadsBack);
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());
  ASSERT_OK(container->SetConfigItem("lxc.pty.max", "8"));
  ASSERT_OK(container->ClearConfigItem("lxc.pty.max"));
  EXPECT_THAT(container->GetConfigItem("lxc.pty.max"), SucceedsWith("0"));

  ASSERT_OK(container->SetConfigItem("lxc.pty.max", "8"));
  ASSERT_OK(container->SetConfigItem("lxc.pty.max", ""));
  EXPECT_THAT(container->GetConfigItem("lxc.pty.max"), SucceedsWith("0"));
}

struct Refused {
  std::string name;
  std::string value;
};

class DevptsFdRefusedTest : public DevptsFdTest, public ::testing::WithParamInterface<Refused> {};

TEST_P(DevptsFdRefusedTest, KeyKeepsItsValue) {
  COVERS(spec::devpts_fd::kKeyRefused);
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());
  ASSERT_OK(container->SetConfigItem("lxc.pty.max", "8"));

  EXPECT_THAT(container->SetConfigItem("lxc.pty.max", GetParam().value), Fails());

  EXPECT_THAT(container->GetConfigItem("lxc.pty.max"), SucceedsWith("8"));
}

INSTANTIATE_TEST_SUITE_P(All, DevptsFdRefusedTest,
                         ::testing::Values(Refused{"Word", "many"}, Refused{"Negative", "-1"},
                                           Refused{"TextBehind", "8x"},
                                           Refused{"TooLarge", "18446744073709551616"}),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace lxcspec
