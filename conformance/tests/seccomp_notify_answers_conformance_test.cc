// SPDX-License-Identifier: Apache-2.0
//
// What a notification says, what an answer does, and what a container's programs can do about it
// that mean ill.

#include <linux/audit.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "conformance/harness/other_client.h"
#include "conformance/harness/processes.h"
#include "conformance/harness/seccomp_notify.h"
#include "conformance/harness/seccomp_test.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;

constexpr char kMakeFolder[] = "2\ndenylist\nmkdir notify\n";
// mkdir(what was poked, 0755)
const ProbeCommand kStartMkdir = {"start", "syscall", std::to_string(SYS_mkdir), "@,0x1ed"};

bool WaitForEver() {
  while (true) pause();
}

class SeccompNotifyAnswersTest : public SeccompTest {
 protected:
  // Ends a process of the container, and waits until it has.
  static Status Kill(pid_t pid) {
    ASSIGN_OR_RETURN(const UniqueFd pidfd, OpenPidfd(pid));
    RETURN_IF_ERROR(SendSignal(pidfd, SIGKILL));
    return AwaitExit(pid);
  }

  bool IsMade(const std::string& folder) const {
    return std::filesystem::exists(rootfs() / folder);
  }
};

TEST_F(SeccompNotifyAnswersTest, NotificationSaysWhoCallsWhatAndHow) {
  COVERS(spec::seccomp_notify::kContents);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());
  ASSERT_OK(StartCall(container, kSubject, {1, 2, 0x300000003, 4, 5, ~0ULL}));

  ASSERT_OK_AND_ASSIGN(const Notification call, Receive(listener));

  EXPECT_EQ(call.number, kSubject);
  EXPECT_EQ(call.arch, AUDIT_ARCH_X86_64);
  EXPECT_THAT(call.arguments, ElementsAre(1, 2, 0x300000003, 4, 5, ~0ULL));
  EXPECT_THAT(ChildrenOf(container.init()), Contains(call.pid));
}

TEST_F(SeccompNotifyAnswersTest, NotificationOfA32BitCallSaysSo) {
  COVERS(spec::seccomp_notify::kCompatContents);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());
  ASSERT_OK_AND_ASSIGN(const std::string caller,
                       container.Ask({"start", "syscall32", std::to_string(kCompatSubject), "7"}));

  ASSERT_OK_AND_ASSIGN(const Notification call, Receive(listener));

  EXPECT_EQ(call.number, kCompatSubject);
  EXPECT_EQ(call.arch, AUDIT_ARCH_I386);
  EXPECT_EQ(call.arguments[0], 7U);
  ASSERT_OK(AnswerErrno(listener, call.id, EDOM));
  EXPECT_THAT(ResultOf(container, caller), FailsWithErrno(EDOM));
}

TEST_F(SeccompNotifyAnswersTest, OtherCallsDoNotWait) {
  COVERS(spec::seccomp_notify::kRuleOnly);
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartUnder("2\ndenylist\ngetppid notify [0,5,SCMP_CMP_EQ]\n"));
  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());

  EXPECT_OK(container.Ask(SystemCall(kOtherSubject, {5})));
  EXPECT_THAT(container.Ask(SystemCall(kSubject, {6})), SucceedsWith("0"));

  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject, {5}));
  ASSERT_OK_AND_ASSIGN(const Notification call, Receive(listener));
  ASSERT_OK(AnswerErrno(listener, call.id, EDOM));
  EXPECT_THAT(ResultOf(container, caller), FailsWithErrno(EDOM));
}

TEST_F(SeccompNotifyAnswersTest, CallFailsWithTheErrnoOfTheAnswer) {
  COVERS(spec::seccomp_notify::kAnswerErrno);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder(kMakeFolder));
  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());
  ASSERT_OK(container.Ask({"poke", "/made"}));
  ASSERT_OK_AND_ASSIGN(const std::string caller, container.Ask(kStartMkdir));
  ASSERT_OK_AND_ASSIGN(const Notification call, Receive(listener));

  ASSERT_OK(AnswerErrno(listener, call.id, ENOMEDIUM));

  EXPECT_THAT(ResultOf(container, caller), FailsWithErrno(ENOMEDIUM));
  EXPECT_FALSE(IsMade("made"));
}

TEST_F(SeccompNotifyAnswersTest, CallReturnsTheValueOfTheAnswer) {
  COVERS(spec::seccomp_notify::kAnswerValue);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder(kMakeFolder));
  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());
  ASSERT_OK(container.Ask({"poke", "/made"}));
  ASSERT_OK_AND_ASSIGN(const std::string caller, container.Ask(kStartMkdir));
  ASSERT_OK_AND_ASSIGN(const Notification call, Receive(listener));

  ASSERT_OK(AnswerValue(listener, call.id, 0x123456789abc));

  EXPECT_THAT(ResultOf(container, caller), SucceedsWith(std::to_string(0x123456789abc)));
  EXPECT_FALSE(IsMade("made"));
}

TEST_F(SeccompNotifyAnswersTest, CallThatContinuesIsMade) {
  COVERS(spec::seccomp_notify::kAnswerContinue);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder(kMakeFolder));
  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());
  ASSERT_OK(container.Ask({"poke", "/made"}));
  ASSERT_OK_AND_ASSIGN(const std::string caller, container.Ask(kStartMkdir));
  ASSERT_OK_AND_ASSIGN(const Notification call, Receive(listener));
  EXPECT_FALSE(IsMade("made"));

  ASSERT_OK(AnswerContinue(listener, call.id));

  EXPECT_THAT(ResultOf(container, caller), SucceedsWith("0"));
  EXPECT_TRUE(IsMade("made"));
}

// The attacker changes what the supervisor has looked at.

TEST_F(SeccompNotifyAnswersTest, AnswerWithAValueHoldsWhateverTheMemoryBecomes) {
  COVERS(spec::seccomp_notify::kValueIsNotRaced);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder(kMakeFolder));
  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());
  ASSERT_OK(container.Ask({"poke", "/harmless"}));
  ASSERT_OK_AND_ASSIGN(const std::string caller, container.Ask(kStartMkdir));
  ASSERT_OK_AND_ASSIGN(const Notification call, Receive(listener));
  ASSERT_THAT(TextAt(call.pid, call.arguments[0]), SucceedsWith("/harmless"));

  ASSERT_OK(container.Ask({"poke", "/harmful"}));

  ASSERT_OK(AnswerValue(listener, call.id, 0));
  EXPECT_THAT(ResultOf(container, caller), SucceedsWith("0"));
  EXPECT_FALSE(IsMade("harmless"));
  EXPECT_FALSE(IsMade("harmful"));
}

TEST_F(SeccompNotifyAnswersTest, CallThatContinuesIsMadeWithWhatTheMemoryBecame) {
  COVERS(spec::seccomp_notify::kContinueReadsAgain);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder(kMakeFolder));
  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());
  ASSERT_OK(container.Ask({"poke", "/harmless"}));
  ASSERT_OK_AND_ASSIGN(const std::string caller, container.Ask(kStartMkdir));
  ASSERT_OK_AND_ASSIGN(const Notification call, Receive(listener));
  ASSERT_THAT(TextAt(call.pid, call.arguments[0]), SucceedsWith("/harmless"));

  ASSERT_OK(container.Ask({"poke", "/harmful"}));

  ASSERT_OK(AnswerContinue(listener, call.id));
  EXPECT_THAT(ResultOf(container, caller), SucceedsWith("0"));
  EXPECT_FALSE(IsMade("harmless"));
  EXPECT_TRUE(IsMade("harmful"));
}

TEST_F(SeccompNotifyAnswersTest, ManyCallersGetEachTheirOwnAnswer) {
  COVERS(spec::seccomp_notify::kEachItsOwn);
  constexpr uint64_t kCallers = 24;
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());
  std::vector<std::string> callers;
  for (uint64_t i = 0; i < kCallers; ++i) {
    ASSERT_OK_AND_ASSIGN(callers.emplace_back(), StartCall(container, kSubject, {i}));
  }
  std::vector<Notification> calls(kCallers);
  for (Notification& call : calls) {
    ASSERT_OK_AND_ASSIGN(call, Receive(listener));
  }
  EXPECT_FALSE(HasPending(listener));

  // The last first.
  for (uint64_t i = kCallers; i > 0; --i) {
    const Notification& call = calls[i - 1];
    ASSERT_OK(AnswerValue(listener, call.id, static_cast<int64_t>(1000 + call.arguments[0])));
  }

  for (uint64_t i = 0; i < kCallers; ++i) {
    EXPECT_THAT(ResultOf(container, callers[i]), SucceedsWith(std::to_string(1000 + i)));
  }
}

TEST_F(SeccompNotifyAnswersTest, SecondAnswerFails) {
  COVERS(spec::seccomp_notify::kAnsweredOnce);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());
  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject));
  ASSERT_OK_AND_ASSIGN(const Notification call, Receive(listener));
  ASSERT_OK(AnswerErrno(listener, call.id, EDOM));

  EXPECT_THAT(AnswerErrno(listener, call.id, ERANGE),
              AnyOf(FailsWithErrno(ENOENT), FailsWithErrno(EINPROGRESS)));

  EXPECT_THAT(ResultOf(container, caller), FailsWithErrno(EDOM));
  EXPECT_THAT(AnswerErrno(listener, call.id, ERANGE), FailsWithErrno(ENOENT));
}

TEST_F(SeccompNotifyAnswersTest, NotificationOfADeadCallerIsNotValid) {
  COVERS(spec::seccomp_notify::kDeadCaller);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());
  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject));
  ASSERT_OK_AND_ASSIGN(const Notification call, Receive(listener));
  ASSERT_OK(CheckId(listener, call.id));

  ASSERT_OK(Kill(call.pid));

  EXPECT_THAT(CheckId(listener, call.id), FailsWithErrno(ENOENT));
  EXPECT_THAT(AnswerValue(listener, call.id, 0), FailsWithErrno(ENOENT));
  EXPECT_THAT(ResultOf(container, caller), SucceedsWith("killed by signal 9"));
}

// The attacker ends, so that a supervisor which looks at its memory looks at that of another
// process. Only the check that follows tells.
TEST_F(SeccompNotifyAnswersTest, NotificationIsNotValidForAnotherProcessOfItsNumber) {
  COVERS(spec::seccomp_notify::kNumberTaken);
  static constexpr char kSecret[] = "of another process";
  const auto address = reinterpret_cast<uintptr_t>(kSecret);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());
  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject, {address}));
  ASSERT_OK_AND_ASSIGN(const Notification call, Receive(listener));
  ASSERT_OK(Kill(call.pid));
  ASSERT_THAT(ResultOf(container, caller), SucceedsWith("killed by signal 9"));

  ASSERT_OK_AND_ASSIGN(const OtherClient other, OtherClient::StartAs(call.pid, WaitForEver));

  ASSERT_THAT(TextAt(call.pid, call.arguments[0]), SucceedsWith(kSecret)) << "no attack";
  EXPECT_THAT(CheckId(listener, call.id), FailsWithErrno(ENOENT));
  EXPECT_THAT(AnswerValue(listener, call.id, 0), FailsWithErrno(ENOENT));
}

TEST_F(SeccompNotifyAnswersTest, CallerThatDiesEarlyHoldsNobodyUp) {
  COVERS(spec::seccomp_notify::kDeadBeforeReceipt);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());
  ASSERT_OK(StartCall(container, kSubject, {1}));
  ASSERT_OK(AwaitReadable(listener.get()));
  const std::vector<pid_t> children = ChildrenOf(container.init());
  ASSERT_EQ(children.size(), 1U);
  ASSERT_OK(Kill(children[0]));
  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject, {2}));

  ASSERT_OK_AND_ASSIGN(const Notification call, Receive(listener));

  EXPECT_EQ(call.arguments[0], 2U);
  ASSERT_OK(AnswerErrno(listener, call.id, EDOM));
  EXPECT_THAT(ResultOf(container, caller), FailsWithErrno(EDOM));
}

TEST_F(SeccompNotifyAnswersTest, SignalledCallerGetsTheAnswerThatIsValid) {
  COVERS(spec::seccomp_notify::kSignalledCaller);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());
  // Its children inherit this, and interrupted calls are restarted.
  ASSERT_OK(container.Ask({"on", std::to_string(SIGUSR1), "count"}));
  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject));
  ASSERT_OK_AND_ASSIGN(Notification call, Receive(listener));
  ASSERT_OK_AND_ASSIGN(const UniqueFd pidfd, OpenPidfd(call.pid));

  ASSERT_OK(SendSignal(pidfd, SIGUSR1));

  // It is taken at once, or after the call, when it was sent before that.
  ASSERT_TRUE(
      Eventually([&] { return HasPending(listener) || CheckId(listener, call.id).has_value(); },
                 ::testing::IsTrue()));
  while (!AnswerErrno(listener, call.id, EDOM)) {
    ASSERT_OK_AND_ASSIGN(call, Receive(listener));
    EXPECT_EQ(call.number, kSubject);
  }
  EXPECT_THAT(ResultOf(container, caller), FailsWithErrno(EDOM));
}

TEST_F(SeccompNotifyAnswersTest, ListenersHaveCallsOfTheirOwnContainer) {
  COVERS(spec::seccomp_notify::kContainersApart);
  ASSERT_OK_AND_ASSIGN(auto one, StartNotifying({}, "one"));
  ASSERT_OK_AND_ASSIGN(auto two, StartNotifying({}, "two"));
  ASSERT_OK_AND_ASSIGN(const UniqueFd of_one, one->SeccompNotifyFdActive());
  ASSERT_OK_AND_ASSIGN(const UniqueFd of_two, two->SeccompNotifyFdActive());
  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(two, kSubject));

  ASSERT_OK_AND_ASSIGN(const Notification call, Receive(of_two));

  EXPECT_FALSE(HasPending(of_one));
  EXPECT_THAT(AnswerErrno(of_one, call.id, EDOM), FailsWithErrno(ENOENT));
  ASSERT_OK(AnswerErrno(of_two, call.id, EDOM));
  EXPECT_THAT(ResultOf(two, caller), FailsWithErrno(EDOM));
}

TEST_F(SeccompNotifyAnswersTest, NextSupervisorHasWhatTheLastOneLeft) {
  COVERS(spec::seccomp_notify::kNextSupervisor);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  ASSERT_OK(StartCall(container, kSubject, {1}));
  ASSERT_OK_AND_ASSIGN(OtherClient supervisor, OtherClient::Start([&] {
                         const auto listener = container->SeccompNotifyFdActive();
                         return listener && Receive(*listener);
                       }));
  ASSERT_THAT(supervisor.Await(), SucceedsWith(true));
  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject, {2}));

  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());
  ASSERT_OK_AND_ASSIGN(const Notification call, Receive(listener));

  EXPECT_EQ(call.arguments[0], 2U);
  ASSERT_OK(AnswerErrno(listener, call.id, EDOM));
  EXPECT_THAT(ResultOf(container, caller), FailsWithErrno(EDOM));
}

}  // namespace
}  // namespace lxcspec
