// SPDX-License-Identifier: Apache-2.0
//
// The listener: how a client gets it, when it polls what, and when there is none.

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

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kStopSeconds = 10;

class SeccompNotifyTest : public SeccompTest {};

TEST_F(SeccompNotifyTest, IsAnnounced) {
  COVERS(spec::seccomp_notify::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("seccomp_notify"));
}

TEST_F(SeccompNotifyTest, ClientGetsAListenerOfItsOwn) {
  COVERS(spec::seccomp_notify::kFd);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());

  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFd());
  ASSERT_OK_AND_ASSIGN(const UniqueFd another, container->SeccompNotifyFd());

  EXPECT_NE(listener.get(), another.get());
  EXPECT_EQ(fcntl(listener.get(), F_GETFD), FD_CLOEXEC);
  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject));
  ASSERT_OK_AND_ASSIGN(const Notification call, Receive(listener));
  ASSERT_OK(AnswerErrno(listener, call.id, EDOM));
  EXPECT_THAT(ResultOf(container, caller), FailsWithErrno(EDOM));
}

TEST_F(SeccompNotifyTest, ContainerRunsThoughNobodyListens) {
  COVERS(spec::seccomp_notify::kStartNeedsNobody);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());

  EXPECT_EQ(container->State(), "RUNNING");
  EXPECT_OK(container.Ask(SystemCall(kOtherSubject)));
}

TEST_F(SeccompNotifyTest, CallWaitsUntilItWasAnswered) {
  COVERS(spec::seccomp_notify::kWaits);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());
  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject));
  ASSERT_OK_AND_ASSIGN(const Notification call, Receive(listener));

  // It has not ended: the call still waits, and the init would have reaped the caller.
  ASSERT_OK(container.Ask(SystemCall(kOtherSubject)));
  EXPECT_OK(CheckId(listener, call.id));
  EXPECT_OK(container.Ask(SystemCall(SYS_kill, {std::stoull(caller), 0})));

  ASSERT_OK(AnswerErrno(listener, call.id, EDOM));
  EXPECT_THAT(ResultOf(container, caller), FailsWithErrno(EDOM));
}

TEST_F(SeccompNotifyTest, ListenerIsReadableWhileACallIsToBeReceived) {
  COVERS(spec::seccomp_notify::kPolls);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());
  EXPECT_FALSE(HasPending(listener));

  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject));
  EXPECT_OK(AwaitReadable(listener.get()));
  ASSERT_OK_AND_ASSIGN(const Notification call, Receive(listener));
  EXPECT_FALSE(HasPending(listener));

  ASSERT_OK(AnswerErrno(listener, call.id, EDOM));
  EXPECT_THAT(ResultOf(container, caller), FailsWithErrno(EDOM));
  EXPECT_FALSE(HasPending(listener));
}

TEST_F(SeccompNotifyTest, StopEndsAContainerWhoseCallsWait) {
  COVERS(spec::seccomp_notify::kStop);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());
  ASSERT_OK(StartCall(container, kSubject));
  ASSERT_OK(StartCall(container, kSubject));
  ASSERT_OK(Receive(listener));
  ASSERT_OK(AwaitReadable(listener.get()));

  EXPECT_OK(container->Stop());

  EXPECT_OK(container->Wait("STOPPED", kStopSeconds));
}

TEST_F(SeccompNotifyTest, StopEndsAContainerThatASupervisorHasLeft) {
  COVERS(spec::seccomp_notify::kStop);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  ASSERT_OK(StartCall(container, kSubject));
  ASSERT_OK_AND_ASSIGN(OtherClient supervisor, OtherClient::Start([&] {
                         const auto listener = container->SeccompNotifyFdActive();
                         return listener && Receive(*listener);
                       }));
  ASSERT_THAT(supervisor.Await(), SucceedsWith(true));
  // The init itself waits too, for its child.
  ASSERT_OK(container.Tell(SystemCall(kSubject)));

  EXPECT_OK(container->Stop());

  EXPECT_OK(container->Wait("STOPPED", kStopSeconds));
}

TEST_F(SeccompNotifyTest, StateIsToldWhileCallsWait) {
  COVERS(spec::seccomp_notify::kNobodyWaitsWithIt);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());
  ASSERT_OK(StartCall(container, kSubject));
  ASSERT_OK(AwaitReadable(listener.get()));

  ASSERT_OK_AND_ASSIGN(OtherClient client, OtherClient::Start([&] {
                         return container->State() == "RUNNING" && container->IsRunning();
                       }));

  EXPECT_THAT(client.Await(), SucceedsWith(true));
}

TEST_F(SeccompNotifyTest, ListenerHangsUpWhenTheContainerHasEnded) {
  COVERS(spec::seccomp_notify::kHangsUp);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());

  ASSERT_OK(container.Tell({"exit", "0"}));
  ASSERT_OK(container->Wait("STOPPED", kStopSeconds));

  EXPECT_OK(AwaitHangUp(listener));
}

TEST_F(SeccompNotifyTest, RebootedContainerHasANewListener) {
  COVERS(spec::seccomp_notify::kAfterReboot);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  ASSERT_OK_AND_ASSIGN(const UniqueFd old, container->SeccompNotifyFdActive());
  ASSERT_OK(container.Tell({"reboot"}));
  ASSERT_OK(container.AwaitNextInit());

  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());

  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject));
  ASSERT_OK_AND_ASSIGN(const Notification call, Receive(listener));
  EXPECT_FALSE(HasPending(old));
  ASSERT_OK(AnswerErrno(listener, call.id, EDOM));
  EXPECT_THAT(ResultOf(container, caller), FailsWithErrno(EDOM));
}

TEST_F(SeccompNotifyTest, AttachedProgramMakesNoCallWithoutAnAnswer) {
  COVERS(spec::seccomp_notify::kAttached);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());
  ASSERT_OK_AND_ASSIGN(OtherClient client, OtherClient::Start([&] {
                         const auto succeeds = SucceedsAttached(*container, SystemCall(kSubject));
                         return succeeds && *succeeds;
                       }));

  ASSERT_TRUE(Eventually([&] { return client.HasReturned() || HasPending(listener); },
                         ::testing::IsTrue()));

  if (!client.HasReturned()) {
    ASSERT_OK_AND_ASSIGN(const Notification call, Receive(listener));
    ASSERT_OK(AnswerErrno(listener, call.id, EDOM));
  }
  EXPECT_THAT(client.Await(), SucceedsWith(false));
}

TEST_F(SeccompNotifyTest, InitHasNoListener) {
  COVERS(spec::seccomp_notify::kNotInside);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying({{"lxc.mount.auto", "proc"}}));
  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());

  ASSERT_OK_AND_ASSIGN(const std::string descriptors, container.Ask({"list-fds"}));

  EXPECT_THAT(descriptors, HasSubstr("socket:"));
  EXPECT_THAT(descriptors, Not(HasSubstr("seccomp")));
}

TEST_F(SeccompNotifyTest, NullContainerHasNoListener) {
  COVERS(spec::seccomp_notify::kNullContainer);
  ASSERT_OK_AND_ASSIGN(auto null, testee().NullContainer());

  EXPECT_THAT(null->SeccompNotifyFd(), Fails());
}

TEST_F(SeccompNotifyTest, ContainerWithoutARuleHasNoListener) {
  COVERS(spec::seccomp_notify::kNoListener);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\ndenylist\ngetppid errno 33\n"));

  EXPECT_THAT(container->SeccompNotifyFd(), FailsWithErrno(EBADF));
}

TEST_F(SeccompNotifyTest, ContainerThatDoesNotRunHasNoListener) {
  COVERS(spec::seccomp_notify::kNoListener);
  ASSERT_OK_AND_ASSIGN(auto stopped, Configure({"pause"}));
  ASSERT_OK_AND_ASSIGN(auto undefined, NewContainer("undefined"));

  EXPECT_THAT(stopped->SeccompNotifyFd(), FailsWithErrno(EBADF));
  EXPECT_THAT(undefined->SeccompNotifyFd(), Fails());
}

TEST_F(SeccompNotifyTest, WithoutListenersInTheKernelTheContainerDoesNotStart) {
  COVERS(spec::seccomp_notify::kNoListeners);
  ConfigItems config = Policy("2\ndenylist\ngetppid notify\n");
  // What refuses listeners is a filter itself.
  config.emplace_back("lxc.seccomp.allow_nesting", "1");
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}, config));
  ASSERT_OK(RefuseListeners());

  EXPECT_THAT(container->Start({}), Fails());

  EXPECT_EQ(container->State(), "STOPPED");
}

}  // namespace
}  // namespace lxcspec
