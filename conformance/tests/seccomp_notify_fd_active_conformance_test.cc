// SPDX-License-Identifier: Apache-2.0
//
// Listeners of running containers, for whoever asks.

#include <fcntl.h>

#include <cerrno>
#include <string>

#include "conformance/harness/other_client.h"
#include "conformance/harness/processes.h"
#include "conformance/harness/seccomp_notify.h"
#include "conformance/harness/seccomp_test.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

constexpr int kStopSeconds = 10;

class SeccompNotifyFdActiveTest : public SeccompTest {
 protected:
  // Whether a call of the container is received from the listener, and answered through it.
  static ::testing::AssertionResult Serves(const UniqueFd& listener, ProbedContainer& container) {
    const Result<std::string> caller = StartCall(container, kSubject);
    if (!caller) return ::testing::AssertionFailure() << caller.error();
    const Result<Notification> call = Receive(listener);
    if (!call) return ::testing::AssertionFailure() << call.error();
    const Status answered = AnswerErrno(listener, call->id, EDOM);
    if (!answered) return ::testing::AssertionFailure() << answered.error();
    const Result<std::string> result = ResultOf(container, *caller);
    if (!result && result.error().code == EDOM) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "the call did not fail as answered";
  }
};

TEST_F(SeccompNotifyFdActiveTest, IsAnnounced) {
  COVERS(spec::seccomp_notify_fd_active::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("seccomp_notify_fd_active"));
}

TEST_F(SeccompNotifyFdActiveTest, RunningContainerGivesItsListener) {
  COVERS(spec::seccomp_notify_fd_active::kListener);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());

  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());

  EXPECT_TRUE(Serves(listener, container));
}

TEST_F(SeccompNotifyFdActiveTest, DescriptorIsCloseOnExec) {
  COVERS(spec::seccomp_notify_fd_active::kCloseOnExec);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());

  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());

  EXPECT_EQ(fcntl(listener.get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(SeccompNotifyFdActiveTest, ClosingOneDescriptorLeavesTheOthers) {
  COVERS(spec::seccomp_notify_fd_active::kCallerOwns);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  ASSERT_OK_AND_ASSIGN(UniqueFd first, container->SeccompNotifyFdActive());
  ASSERT_OK_AND_ASSIGN(const UniqueFd second, container->SeccompNotifyFdActive());
  ASSERT_NE(first.get(), second.get());

  first.Reset();

  EXPECT_TRUE(Serves(second, container));
  ASSERT_OK_AND_ASSIGN(const UniqueFd third, container->SeccompNotifyFdActive());
  EXPECT_TRUE(Serves(third, container));
}

TEST_F(SeccompNotifyFdActiveTest, CallOpensOneDescriptor) {
  COVERS(spec::seccomp_notify_fd_active::kLeavesNothingOpen);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  const size_t before = OpenDescriptorCount();

  ASSERT_OK_AND_ASSIGN(UniqueFd listener, container->SeccompNotifyFdActive());

  EXPECT_EQ(OpenDescriptorCount(), before + 1);
  listener.Reset();
  EXPECT_EQ(OpenDescriptorCount(), before);
}

TEST_F(SeccompNotifyFdActiveTest, FailedCallOpensNothing) {
  COVERS(spec::seccomp_notify_fd_active::kLeavesNothingOpen);
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent());
  const size_t before = OpenDescriptorCount();

  ASSERT_THAT(container->SeccompNotifyFdActive(), Fails());

  EXPECT_EQ(OpenDescriptorCount(), before);
}

TEST_F(SeccompNotifyFdActiveTest, AnotherObjectGivesTheListenerToo) {
  COVERS(spec::seccomp_notify_fd_active::kAnyObject);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  ASSERT_OK_AND_ASSIGN(auto other, Configure({"pause"}));

  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, other->SeccompNotifyFdActive());

  EXPECT_TRUE(Serves(listener, container));
}

TEST_F(SeccompNotifyFdActiveTest, AnotherProcessGetsTheListenerToo) {
  COVERS(spec::seccomp_notify_fd_active::kAnyObject);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  ASSERT_OK_AND_ASSIGN(OtherClient supervisor, OtherClient::Start([&] {
                         const auto object = Configure({"pause"});
                         if (!object) return false;
                         const auto listener = (*object)->SeccompNotifyFdActive();
                         if (!listener) return false;
                         const auto call = Receive(*listener);
                         return call && AnswerErrno(*listener, call->id, EDOM).has_value();
                       }));

  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject));

  EXPECT_THAT(ResultOf(container, caller), FailsWithErrno(EDOM));
  EXPECT_THAT(supervisor.Await(), SucceedsWith(true));
}

TEST_F(SeccompNotifyFdActiveTest, NotificationIsReceivedFromOneDescriptorOnly) {
  COVERS(spec::seccomp_notify_fd_active::kReceivedOnce);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  ASSERT_OK_AND_ASSIGN(const UniqueFd one, container->SeccompNotifyFdActive());
  ASSERT_OK_AND_ASSIGN(const UniqueFd two, container->SeccompNotifyFdActive());
  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject));
  ASSERT_OK(AwaitReadable(one.get()));
  EXPECT_TRUE(HasPending(two));

  ASSERT_OK_AND_ASSIGN(const Notification call, Receive(one));

  EXPECT_FALSE(HasPending(two));
  EXPECT_OK(AnswerErrno(two, call.id, EDOM));
  EXPECT_THAT(ResultOf(container, caller), FailsWithErrno(EDOM));
}

TEST_F(SeccompNotifyFdActiveTest, CallsThatWaitAlreadyAreReceived) {
  COVERS(spec::seccomp_notify_fd_active::kWhileCallsWait);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject, {7}));

  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());

  ASSERT_OK_AND_ASSIGN(const Notification call, Receive(listener));
  EXPECT_EQ(call.arguments[0], 7U);
  ASSERT_OK(AnswerErrno(listener, call.id, EDOM));
  EXPECT_THAT(ResultOf(container, caller), FailsWithErrno(EDOM));
}

TEST_F(SeccompNotifyFdActiveTest, FrozenContainerGivesItsListener) {
  COVERS(spec::seccomp_notify_fd_active::kWhileFrozen);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  ASSERT_OK(container->Freeze());

  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());

  ASSERT_OK(container->Unfreeze());
  EXPECT_TRUE(Serves(listener, container));
}

TEST_F(SeccompNotifyFdActiveTest, ContainerWithIdMapsGivesItsListener) {
  COVERS(spec::seccomp_notify_fd_active::kUserNamespace);
  ASSERT_OK_AND_ASSIGN(const ConfigItems maps, MapIds());
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying(maps));

  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());

  EXPECT_TRUE(Serves(listener, container));
}

TEST_F(SeccompNotifyFdActiveTest, RestartedContainerGivesItsNewListener) {
  COVERS(spec::seccomp_notify_fd_active::kAfterRestart);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  ASSERT_OK_AND_ASSIGN(const UniqueFd old, container->SeccompNotifyFdActive());
  ASSERT_OK(container->Stop());
  ASSERT_OK(container->Wait("STOPPED", kStopSeconds));
  ASSERT_OK(container->Start({}));
  ASSERT_OK(container.AwaitNextInit());

  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());

  EXPECT_TRUE(Serves(listener, container));
  EXPECT_FALSE(HasPending(old));
}

TEST_F(SeccompNotifyFdActiveTest, TwoContainersGiveEachTheirOwn) {
  COVERS(spec::seccomp_notify_fd_active::kTwoContainers);
  ASSERT_OK_AND_ASSIGN(auto one, StartNotifying({}, "one"));
  ASSERT_OK_AND_ASSIGN(auto two, StartNotifying({}, "two"));

  ASSERT_OK_AND_ASSIGN(const UniqueFd of_one, one->SeccompNotifyFdActive());
  ASSERT_OK_AND_ASSIGN(const UniqueFd of_two, two->SeccompNotifyFdActive());

  EXPECT_TRUE(Serves(of_one, one));
  EXPECT_TRUE(Serves(of_two, two));
}

TEST_F(SeccompNotifyFdActiveTest, CallWithoutAContainerFails) {
  COVERS(spec::seccomp_notify_fd_active::kNullContainer);
  ASSERT_OK_AND_ASSIGN(auto null, testee().NullContainer());

  EXPECT_THAT(null->SeccompNotifyFdActive(), Fails());
}

TEST_F(SeccompNotifyFdActiveTest, ContainerWithoutAPolicyFailsWithEbadf) {
  COVERS(spec::seccomp_notify_fd_active::kNoRule);
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent());

  EXPECT_THAT(container->SeccompNotifyFdActive(), FailsWithErrno(EBADF));
}

TEST_F(SeccompNotifyFdActiveTest, ContainerWithoutARuleFailsWithEbadf) {
  COVERS(spec::seccomp_notify_fd_active::kNoRule);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\ndenylist\ngetppid errno 33\n"));

  EXPECT_THAT(container->SeccompNotifyFdActive(), FailsWithErrno(EBADF));
}

TEST_F(SeccompNotifyFdActiveTest, NeverStartedContainerFailsWithEconnrefused) {
  COVERS(spec::seccomp_notify_fd_active::kNotRunning);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}));

  EXPECT_THAT(container->SeccompNotifyFdActive(), FailsWithErrno(ECONNREFUSED));
}

TEST_F(SeccompNotifyFdActiveTest, StoppedContainerFailsWithEconnrefused) {
  COVERS(spec::seccomp_notify_fd_active::kAfterStop);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  // One that was given before must not be remembered.
  ASSERT_OK(container->SeccompNotifyFdActive());
  ASSERT_OK(container->Stop());
  ASSERT_OK(container->Wait("STOPPED", kStopSeconds));

  EXPECT_THAT(container->SeccompNotifyFdActive(), FailsWithErrno(ECONNREFUSED));
}

}  // namespace
}  // namespace lxcspec
