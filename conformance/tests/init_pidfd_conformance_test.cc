// SPDX-License-Identifier: Apache-2.0

#include <fcntl.h>

#include <cerrno>
#include <csignal>
#include <string>

#include "conformance/harness/probed_container.h"
#include "conformance/harness/processes.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kStopSeconds = 10;

class InitPidfdTest : public ProbedContainerTest {
 protected:
  static Status StopAndWait(ProbedContainer& container) {
    RETURN_IF_ERROR(container->Stop());
    return container->Wait("STOPPED", kStopSeconds);
  }
};

TEST_F(InitPidfdTest, IsAnnounced) {
  COVERS(spec::init_pidfd::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("init_pidfd"));
}

TEST_F(InitPidfdTest, RunningContainerGivesAPidfd) {
  COVERS(spec::init_pidfd::kIsPidfd);
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent());

  ASSERT_OK_AND_ASSIGN(const UniqueFd pidfd, container->InitPidfd());

  EXPECT_OK(ProcessOf(pidfd));
  EXPECT_OK(SendSignal(pidfd, kNoSignal));
}

TEST_F(InitPidfdTest, PidfdRefersToTheContainersInit) {
  COVERS(spec::init_pidfd::kRefersToInit);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());

  ASSERT_OK_AND_ASSIGN(const UniqueFd pidfd, container->InitPidfd());

  EXPECT_THAT(ProcessOf(pidfd), SucceedsWith(container.init()));
}

TEST_F(InitPidfdTest, PidfdIsCloseOnExec) {
  COVERS(spec::init_pidfd::kCloseOnExec);
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent());

  ASSERT_OK_AND_ASSIGN(const UniqueFd pidfd, container->InitPidfd());

  EXPECT_EQ(fcntl(pidfd.get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(InitPidfdTest, ClosingOnePidfdLeavesTheOthers) {
  COVERS(spec::init_pidfd::kCallerOwns);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  ASSERT_OK_AND_ASSIGN(UniqueFd first, container->InitPidfd());
  ASSERT_OK_AND_ASSIGN(const UniqueFd second, container->InitPidfd());
  ASSERT_NE(first.get(), second.get());

  first.Reset();

  EXPECT_THAT(ProcessOf(second), SucceedsWith(container.init()));
  ASSERT_OK_AND_ASSIGN(const UniqueFd third, container->InitPidfd());
  EXPECT_THAT(ProcessOf(third), SucceedsWith(container.init()));
  EXPECT_OK(StopAndWait(container));
}

TEST_F(InitPidfdTest, CallOpensOneDescriptor) {
  COVERS(spec::init_pidfd::kLeavesNothingOpen);
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent());
  const size_t before = OpenDescriptorCount();

  ASSERT_OK_AND_ASSIGN(UniqueFd pidfd, container->InitPidfd());

  EXPECT_EQ(OpenDescriptorCount(), before + 1);
  pidfd.Reset();
  EXPECT_EQ(OpenDescriptorCount(), before);
}

TEST_F(InitPidfdTest, FailedCallOpensNothing) {
  COVERS(spec::init_pidfd::kLeavesNothingOpen);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}));
  const size_t before = OpenDescriptorCount();

  ASSERT_THAT(container->InitPidfd(), Fails());

  EXPECT_EQ(OpenDescriptorCount(), before);
}

TEST_F(InitPidfdTest, PidfdOutlivesTheObjectThatGaveIt) {
  COVERS(spec::init_pidfd::kOutlivesObject);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  ASSERT_OK_AND_ASSIGN(auto other, NewContainer());
  ASSERT_OK_AND_ASSIGN(const UniqueFd pidfd, other->InitPidfd());

  other.reset();

  EXPECT_THAT(ProcessOf(pidfd), SucceedsWith(container.init()));
  EXPECT_OK(SendSignal(pidfd, kNoSignal));
}

TEST_F(InitPidfdTest, AnotherObjectOfTheContainerGivesAPidfdOfTheSameInit) {
  COVERS(spec::init_pidfd::kAnyObject);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  ASSERT_OK_AND_ASSIGN(auto other, NewContainer());

  ASSERT_OK_AND_ASSIGN(const UniqueFd pidfd, other->InitPidfd());

  EXPECT_THAT(ProcessOf(pidfd), SucceedsWith(container.init()));
}

TEST_F(InitPidfdTest, EachOfTwoContainersGivesItsOwn) {
  COVERS(spec::init_pidfd::kRefersToInit);
  ASSERT_OK_AND_ASSIGN(auto one, StartProbed({}, {}, "one"));
  ASSERT_OK_AND_ASSIGN(auto two, StartProbed({}, {}, "two"));

  ASSERT_OK_AND_ASSIGN(const UniqueFd of_one, one->InitPidfd());
  ASSERT_OK_AND_ASSIGN(const UniqueFd of_two, two->InitPidfd());

  EXPECT_THAT(ProcessOf(of_one), SucceedsWith(one.init()));
  EXPECT_THAT(ProcessOf(of_two), SucceedsWith(two.init()));
}

TEST_F(InitPidfdTest, SignalReachesTheInit) {
  COVERS(spec::init_pidfd::kDeliversSignals);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  ASSERT_OK_AND_ASSIGN(const UniqueFd pidfd, container->InitPidfd());

  ASSERT_OK(SendSignal(pidfd, SIGTERM));

  EXPECT_OK(container->Wait("STOPPED", kStopSeconds));
}

TEST_F(InitPidfdTest, PidfdIsReadableAfterTheInitEndedAndNotBefore) {
  COVERS(spec::init_pidfd::kReadableAfterExit);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  ASSERT_OK_AND_ASSIGN(const UniqueFd pidfd, container->InitPidfd());
  EXPECT_FALSE(IsReadable(pidfd));

  ASSERT_OK(container.Tell({"exit", "0"}));

  EXPECT_OK(AwaitReadable(pidfd.get()));
}

TEST_F(InitPidfdTest, SignalToAnEndedInitFailsWithEsrch) {
  COVERS(spec::init_pidfd::kDeadAfterExit);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  ASSERT_OK_AND_ASSIGN(const UniqueFd pidfd, container->InitPidfd());
  ASSERT_OK(StopAndWait(container));

  EXPECT_THAT(SendSignal(pidfd, SIGKILL), FailsWithErrno(ESRCH));
}

TEST_F(InitPidfdTest, PidfdOfAnEndedInitStaysDeadAfterARestart) {
  COVERS(spec::init_pidfd::kDeadAfterExit);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  ASSERT_OK_AND_ASSIGN(const UniqueFd pidfd, container->InitPidfd());
  ASSERT_OK(StopAndWait(container));
  ASSERT_OK(container->Start({}));
  ASSERT_OK(container.AwaitNextInit());

  EXPECT_THAT(SendSignal(pidfd, SIGKILL), FailsWithErrno(ESRCH));
  EXPECT_TRUE(container->IsRunning());
}

TEST_F(InitPidfdTest, RestartedContainerGivesAPidfdOfItsNewInit) {
  COVERS(spec::init_pidfd::kRestartRefersToNewInit);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  ASSERT_OK_AND_ASSIGN(const UniqueFd old_pidfd, container->InitPidfd());
  ASSERT_OK(StopAndWait(container));
  ASSERT_OK(container->Start({}));
  ASSERT_OK(container.AwaitNextInit());

  ASSERT_OK_AND_ASSIGN(const UniqueFd pidfd, container->InitPidfd());

  EXPECT_THAT(ProcessOf(pidfd), SucceedsWith(container.init()));
}

TEST_F(InitPidfdTest, RebootedContainerGivesAPidfdOfItsNewInit) {
  COVERS(spec::init_pidfd::kRebootRefersToNewInit);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  ASSERT_OK_AND_ASSIGN(const UniqueFd old_pidfd, container->InitPidfd());
  ASSERT_OK(container.Tell({"reboot"}));
  ASSERT_OK(container.AwaitNextInit());

  EXPECT_THAT(SendSignal(old_pidfd, kNoSignal), FailsWithErrno(ESRCH));
  ASSERT_OK_AND_ASSIGN(const UniqueFd pidfd, container->InitPidfd());
  EXPECT_THAT(ProcessOf(pidfd), SucceedsWith(container.init()));
}

TEST_F(InitPidfdTest, FrozenContainerGivesAPidfd) {
  COVERS(spec::init_pidfd::kWhileFrozen);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  ASSERT_OK(container->Freeze());

  ASSERT_OK_AND_ASSIGN(const UniqueFd pidfd, container->InitPidfd());

  EXPECT_THAT(ProcessOf(pidfd), SucceedsWith(container.init()));
  EXPECT_OK(container->Unfreeze());
}

TEST_F(InitPidfdTest, InitHasNoPidfdAmongItsDescriptors) {
  COVERS(spec::init_pidfd::kNotInside);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed({{"lxc.mount.auto", "proc"}}));
  ASSERT_OK_AND_ASSIGN(const UniqueFd pidfd, container->InitPidfd());

  ASSERT_OK_AND_ASSIGN(const std::string descriptors, container.Ask({"list-fds"}));

  EXPECT_THAT(descriptors, HasSubstr("socket:"));
  EXPECT_THAT(descriptors, Not(HasSubstr("pidfd")));
}

TEST_F(InitPidfdTest, UndefinedContainerFailsWithEconnrefused) {
  COVERS(spec::init_pidfd::kStopped);
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());

  EXPECT_THAT(container->InitPidfd(), FailsWithErrno(ECONNREFUSED));
}

TEST_F(InitPidfdTest, NeverStartedContainerFailsWithEconnrefused) {
  COVERS(spec::init_pidfd::kStopped);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}));

  EXPECT_THAT(container->InitPidfd(), FailsWithErrno(ECONNREFUSED));
}

TEST_F(InitPidfdTest, ContainerStoppedByRequestFailsWithEconnrefused) {
  COVERS(spec::init_pidfd::kAfterStop);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  // One that was given before must not be remembered.
  ASSERT_OK(container->InitPidfd());
  ASSERT_OK(StopAndWait(container));

  EXPECT_THAT(container->InitPidfd(), FailsWithErrno(ECONNREFUSED));
}

TEST_F(InitPidfdTest, ContainerThatEndedFailsWithEconnrefused) {
  COVERS(spec::init_pidfd::kAfterStop);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  // One that was given before must not be remembered.
  ASSERT_OK(container->InitPidfd());
  ASSERT_OK(container.Tell({"exit", "0"}));
  ASSERT_OK(container->Wait("STOPPED", kStopSeconds));

  EXPECT_THAT(container->InitPidfd(), FailsWithErrno(ECONNREFUSED));
}

TEST_F(InitPidfdTest, WithoutPidfdsTheCallFailsWithEbadfOrNothingStarts) {
  COVERS(spec::init_pidfd::kNoPidfds);
  ASSERT_OK(RefusePidfds());

  const auto container = StartSilent();

  if (container) {
    EXPECT_THAT((*container)->InitPidfd(), FailsWithErrno(EBADF));
  }
}

TEST_F(InitPidfdTest, CallWithoutAContainerFailsWithEbadf) {
  COVERS(spec::init_pidfd::kNullContainer);
  ASSERT_OK_AND_ASSIGN(auto null, testee().NullContainer());

  EXPECT_THAT(null->InitPidfd(), FailsWithErrno(EBADF));
}

}  // namespace
}  // namespace lxcspec
