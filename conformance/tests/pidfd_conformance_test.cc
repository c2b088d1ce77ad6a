// SPDX-License-Identifier: Apache-2.0
//
// That an implementation uses pidfds is seen from outside in two ways: it can do without signals
// by number, and a process that has got the init's number is not taken for it.

#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <string>
#include <utility>

#include "conformance/harness/interruption.h"
#include "conformance/harness/other_client.h"
#include "conformance/harness/probed_container.h"
#include "conformance/harness/processes.h"
#include "conformance/harness/waiting.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

constexpr int kLong = 3600;
constexpr int kStopSeconds = 10;

// A process with a number that the testee may know, which a stray signal ends.
class Bystander {
 public:
  // With this process id; as OtherClient::StartAs().
  static Result<Bystander> StartAs(pid_t number) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
      return FailErrno("socketpair");
    UniqueFd ours(ends[0]);
    const UniqueFd its(ends[1]);
    ASSIGN_OR_RETURN(OtherClient process, OtherClient::StartAs(number, [&] {
                       ours.Reset();
                       for (char byte; read(its.get(), &byte, 1) == 1;) {
                         if (write(its.get(), &byte, 1) != 1) break;
                       }
                       return true;
                     }));
    return Bystander(std::move(process), std::move(ours));
  }

  // Whether it has got no signal until now: one that was sent comes before what it reads next.
  bool LivesOn() const {
    char byte = 0;
    return send(socket_.get(), &byte, 1, MSG_NOSIGNAL) == 1 && AwaitReadable(socket_.get()) &&
           read(socket_.get(), &byte, 1) == 1;
  }

 private:
  Bystander(OtherClient process, UniqueFd socket)
      : process_(std::move(process)), socket_(std::move(socket)) {}

  OtherClient process_;
  UniqueFd socket_;
};

class PidfdTest : public ProbedContainerTest {};

TEST_F(PidfdTest, IsAnnounced) {
  COVERS(spec::pidfd::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("pidfd"));
}

TEST_F(PidfdTest, StopSignalsByNoNumber) {
  COVERS(spec::pidfd::kStopByPidfd);
  ASSERT_OK(RefuseSignalsByNumber());
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  ASSERT_OK_AND_ASSIGN(const UniqueFd init, OpenPidfd(container.init()));

  ASSERT_OK(container->Stop());

  EXPECT_OK(container->Wait("STOPPED", kStopSeconds));
  EXPECT_TRUE(IsReadable(init));
}

TEST_F(PidfdTest, ShutdownSignalsByNoNumber) {
  COVERS(spec::pidfd::kShutdownByPidfd);
  ASSERT_OK(RefuseSignalsByNumber());
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  ASSERT_OK_AND_ASSIGN(const UniqueFd init, OpenPidfd(container.init()));

  ASSERT_OK(container->Shutdown(kStopSeconds));

  EXPECT_OK(container->Wait("STOPPED", kStopSeconds));
  EXPECT_TRUE(IsReadable(init));
}

TEST_F(PidfdTest, RebootSignalsByNoNumber) {
  COVERS(spec::pidfd::kRebootByPidfd);
  ASSERT_OK(RefuseSignalsByNumber());
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  ASSERT_OK_AND_ASSIGN(const UniqueFd init, OpenPidfd(container.init()));

  ASSERT_OK(container->Reboot());

  EXPECT_OK(container.AwaitNextInit());
  EXPECT_TRUE(IsReadable(init));
}

TEST_F(PidfdTest, WaitingRebootSignalsByNoNumber) {
  COVERS(spec::pidfd::kRebootByPidfd);
  ASSERT_OK(RefuseSignalsByNumber());
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  ASSERT_OK_AND_ASSIGN(const UniqueFd init, OpenPidfd(container.init()));

  ASSERT_OK(container->Reboot2(kLong));

  EXPECT_OK(container.AwaitNextInit());
  EXPECT_TRUE(IsReadable(init));
}

TEST_F(PidfdTest, EndOfTheInitIsNoticed) {
  COVERS(spec::pidfd::kEndNoticed);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());

  ASSERT_OK(container.Tell({"exit", "0"}));

  EXPECT_OK(container->Wait("STOPPED", kStopSeconds));
}

TEST_F(PidfdTest, KilledInitIsNoticed) {
  COVERS(spec::pidfd::kEndNoticed);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  ASSERT_OK_AND_ASSIGN(const UniqueFd init, OpenPidfd(container.init()));

  ASSERT_OK(SendSignal(init, SIGKILL));

  EXPECT_OK(container->Wait("STOPPED", kStopSeconds));
}

TEST_F(PidfdTest, EndIsNoticedThoughTheStarterBlocksSigchld) {
  COVERS(spec::pidfd::kEndNoticed);
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGCHLD);
  ASSERT_EQ(sigprocmask(SIG_BLOCK, &blocked, nullptr), 0);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());

  ASSERT_OK(container.Tell({"exit", "0"}));

  EXPECT_OK(container->Wait("STOPPED", kStopSeconds));
}

struct Signalling {
  std::string name;
  void (*call)(Container& container);
};

class PidfdSignallingTest : public PidfdTest, public ::testing::WithParamInterface<Signalling> {};

TEST_P(PidfdSignallingTest, ProcessWithTheNumberOfAnEndedInitLivesOn) {
  COVERS(spec::pidfd::kRecycledNumber);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  ASSERT_THAT(container->InitPid(), SucceedsWith(container.init()));
  ASSERT_OK(container.Tell({"exit", "0"}));
  ASSERT_OK(container->Wait("STOPPED", kStopSeconds));
  ASSERT_OK_AND_ASSIGN(const Bystander bystander, Bystander::StartAs(container.init()));

  GetParam().call(*container);

  EXPECT_TRUE(bystander.LivesOn());
}

TEST_P(PidfdSignallingTest, ProcessThatGetsTheNumberDuringTheCallLivesOn) {
  COVERS(spec::pidfd::kRecycledDuringCall);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  std::optional<Bystander> bystander;

  // A call that has the monitor signal, who is the init's parent, is not interrupted here.
  ASSERT_OK(RunInterrupted(
      container.init(), [&] { GetParam().call(*container); },
      [&]() -> Status {
        RETURN_IF_ERROR(container.Tell({"exit", "0"}));
        ASSIGN_OR_RETURN(Bystander taker, Bystander::StartAs(container.init()));
        bystander.emplace(std::move(taker));
        return {};
      }));

  EXPECT_TRUE(!bystander || bystander->LivesOn());
}

INSTANTIATE_TEST_SUITE_P(
    All, PidfdSignallingTest,
    ::testing::Values(
        Signalling{"Stop", [](Container& container) { static_cast<void>(container.Stop()); }},
        Signalling{"Shutdown",
                   [](Container& container) { static_cast<void>(container.Shutdown(1)); }},
        Signalling{"Reboot", [](Container& container) { static_cast<void>(container.Reboot()); }},
        Signalling{"Reboot2",
                   [](Container& container) { static_cast<void>(container.Reboot2(0)); }}),
    [](const auto& each) { return each.param.name; });

TEST_F(PidfdTest, WithoutPidfdsAContainerStartsAndStopsOrDoesNotStart) {
  COVERS(spec::pidfd::kNoPidfds);
  ASSERT_OK(RefusePidfds());
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}));

  if (container->Start({})) {
    EXPECT_EQ(container->State(), "RUNNING");
    EXPECT_OK(container->Stop());
    EXPECT_OK(container->Wait("STOPPED", kStopSeconds));
  }

  EXPECT_EQ(container->State(), "STOPPED");
}

}  // namespace
}  // namespace lxcspec
