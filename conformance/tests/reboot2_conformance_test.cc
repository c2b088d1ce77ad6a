// SPDX-License-Identifier: Apache-2.0
//
// What a reboot does. Where a test must see a call that waits, the init counts the signal instead
// of following it, and reboots when the test tells it to.

#include <climits>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "conformance/harness/other_client.h"
#include "conformance/harness/probed_container.h"
#include "conformance/harness/processes.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// Seconds that no test has: a call that returns has not waited for them to pass.
constexpr int kLong = 3600;
constexpr int kForEver = -1;

const std::string kInterrupt = std::to_string(SIGINT);

class Reboot2Test : public ProbedContainerTest {
 protected:
  // A container whose init counts the signals that ask it for a reboot.
  Result<ProbedContainer> StartHesitant(int signal = SIGINT, const ConfigItems& config = {}) {
    return StartProbed(config, {"on", std::to_string(signal), "count"});
  }

  // Another client with an object of its own that reboots the container.
  Result<OtherClient> RebootElsewhere(int timeout) {
    return OtherClient::Start([this, timeout] {
      const auto container = NewContainer();
      return container && (*container)->Reboot2(timeout).has_value();
    });
  }

  static ::testing::AssertionResult ComesToCount(ProbedContainer& container, int signals) {
    return Eventually([&] { return container.Ask({"counted"}); },
                      SucceedsWith(std::to_string(signals)));
  }
};

TEST_F(Reboot2Test, IsAnnounced) {
  COVERS(spec::reboot2::kAnnounced);

  EXPECT_TRUE(testee().HasApiExtension("reboot2"));
}

TEST_F(Reboot2Test, WaitingCallReturnsTrueWhenANewInitRuns) {
  COVERS(spec::reboot2::kWaitsForNewInit);
  ASSERT_OK_AND_ASSIGN(auto container, StartHesitant());
  ASSERT_OK_AND_ASSIGN(const UniqueFd old_init, OpenPidfd(container.init()));
  // What holds when the call returns is looked at where it returns.
  ASSERT_OK_AND_ASSIGN(OtherClient caller, OtherClient::Start([&] {
                         if (!container->Reboot2(kLong)) return false;
                         const bool old_has_ended = IsReadable(old_init);
                         const auto pid = container->InitPid();
                         const auto new_init = pid ? OpenPidfd(*pid) : Propagate(pid.error());
                         return old_has_ended && container->State() == "RUNNING" && new_init &&
                                SendSignal(*new_init, kNoSignal).has_value();
                       }));
  ASSERT_TRUE(ComesToCount(container, 1));
  EXPECT_FALSE(caller.HasReturned());

  ASSERT_OK(container.Tell({"reboot"}));

  EXPECT_THAT(caller.Await(), SucceedsWith(true));
  ASSERT_OK(container.AwaitNextInit());
  EXPECT_THAT(container->InitPid(), SucceedsWith(container.init()));
}

TEST_F(Reboot2Test, CallReturnsOnceTheContainerHasRebooted) {
  COVERS(spec::reboot2::kReturnsOnceRebooted);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  ASSERT_OK_AND_ASSIGN(OtherClient caller, RebootElsewhere(kLong));

  EXPECT_THAT(caller.Await(), SucceedsWith(true));

  EXPECT_OK(container.AwaitNextInit());
}

TEST_F(Reboot2Test, MinusOneWaitsForALateReboot) {
  COVERS(spec::reboot2::kMinusOneWaits);
  ASSERT_OK_AND_ASSIGN(auto container, StartHesitant());
  ASSERT_OK_AND_ASSIGN(OtherClient caller, RebootElsewhere(kForEver));
  ASSERT_TRUE(ComesToCount(container, 1));
  // Another call's time says how late it is.
  ASSERT_THAT(container->Reboot2(2), Fails());
  EXPECT_FALSE(caller.HasReturned());

  ASSERT_OK(container.Tell({"reboot"}));

  EXPECT_THAT(caller.Await(), SucceedsWith(true));
}

struct Negative {
  std::string name;
  int timeout;
};

class Reboot2NegativeTest : public Reboot2Test, public ::testing::WithParamInterface<Negative> {};

TEST_P(Reboot2NegativeTest, WaitsForALateReboot) {
  COVERS(spec::reboot2::kOtherNegativesWait);
  ASSERT_OK_AND_ASSIGN(auto container, StartHesitant());
  ASSERT_OK_AND_ASSIGN(OtherClient caller, RebootElsewhere(GetParam().timeout));
  ASSERT_TRUE(ComesToCount(container, 1));
  EXPECT_FALSE(caller.HasReturned());

  ASSERT_OK(container.Tell({"reboot"}));

  EXPECT_THAT(caller.Await(), SucceedsWith(true));
}

INSTANTIATE_TEST_SUITE_P(All, Reboot2NegativeTest,
                         ::testing::Values(Negative{"MinusTwo", -2}, Negative{"MinusMany", -5000},
                                           Negative{"Smallest", INT_MIN}),
                         [](const auto& each) { return each.param.name; });

TEST_F(Reboot2Test, ZeroReturnsTrueThoughTheInitDoesNotFollow) {
  COVERS(spec::reboot2::kZeroReturnsAtOnce);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed({}, {"ignore-signals"}));
  ASSERT_OK_AND_ASSIGN(OtherClient caller, RebootElsewhere(0));

  EXPECT_THAT(caller.Await(), SucceedsWith(true));

  EXPECT_THAT(container->InitPid(), SucceedsWith(container.init()));
}

TEST_F(Reboot2Test, ZeroHasAWillingInitReboot) {
  COVERS(spec::reboot2::kZeroAsks);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  ASSERT_OK_AND_ASSIGN(const UniqueFd old_init, OpenPidfd(container.init()));

  ASSERT_OK(container->Reboot2(0));

  ASSERT_OK(container.AwaitNextInit());
  EXPECT_TRUE(IsReadable(old_init));
}

TEST_F(Reboot2Test, InitIsAskedBySigint) {
  COVERS(spec::reboot2::kDefaultSignal);
  ASSERT_OK_AND_ASSIGN(auto container, StartHesitant(SIGINT));

  ASSERT_OK(container->Reboot2(0));

  EXPECT_TRUE(ComesToCount(container, 1));
}

TEST_F(Reboot2Test, InitIsAskedByTheSignalThatWasNamed) {
  COVERS(spec::reboot2::kConfiguredSignal);
  ASSERT_OK_AND_ASSIGN(auto container, StartHesitant(SIGUSR1, {{"lxc.signal.reboot", "SIGUSR1"}}));
  ASSERT_OK_AND_ASSIGN(const UniqueFd init, OpenPidfd(container.init()));

  ASSERT_OK(container->Reboot2(0));

  EXPECT_TRUE(ComesToCount(container, 1));
  EXPECT_FALSE(IsReadable(init)) << "another signal came too, and the init followed it";
}

TEST_F(Reboot2Test, InitIsAskedByTheSignalOfANumber) {
  COVERS(spec::reboot2::kConfiguredSignal);
  const std::string number = std::to_string(SIGUSR2);
  ASSERT_OK_AND_ASSIGN(auto container, StartHesitant(SIGUSR2, {{"lxc.signal.reboot", number}}));
  ASSERT_OK_AND_ASSIGN(const UniqueFd init, OpenPidfd(container.init()));

  ASSERT_OK(container->Reboot2(0));

  EXPECT_TRUE(ComesToCount(container, 1));
  EXPECT_FALSE(IsReadable(init)) << "another signal came too, and the init followed it";
}

TEST_F(Reboot2Test, NewInitRunsTheConfiguredCommand) {
  COVERS(spec::reboot2::kSameProgram);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed({}, {"on", kInterrupt, "reboot"}));
  const std::string before = CommandLineOf(container.init());
  ASSERT_THAT(before, Not(IsEmpty()));

  ASSERT_OK(container->Reboot2(kLong));

  ASSERT_OK(container.AwaitNextInit());
  EXPECT_EQ(CommandLineOf(container.init()), before);
}

TEST_F(Reboot2Test, NewInitRunsTheCommandGivenToStart) {
  COVERS(spec::reboot2::kSameProgram);
  ASSERT_OK_AND_ASSIGN(ProbeChannel channel, ProbeChannel::Listen(rootfs(), "own.sock"));
  ASSERT_OK_AND_ASSIGN(auto configured, Configure({"pause"}));
  const RunningContainer container(std::move(configured));
  ASSERT_OK(container->Start({"/probe", "serve", "/own.sock"}));
  ASSERT_OK(channel.Accept(TestEnvironment().Scaled(kPatience)));

  ASSERT_OK(container->Reboot2(kLong));

  ASSERT_OK_AND_ASSIGN(const pid_t init, channel.Accept(TestEnvironment().Scaled(kPatience)));
  EXPECT_EQ(CommandLineOf(init), std::string("/probe\0serve\0/own.sock\0", 23));
}

TEST_F(Reboot2Test, ContainerRebootsAgainAndAgain) {
  COVERS(spec::reboot2::kAgain);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());

  for (int times = 0; times < 5; ++times) {
    ASSERT_OK_AND_ASSIGN(const UniqueFd old_init, OpenPidfd(container.init()));
    ASSERT_OK(container->Reboot2(kLong)) << "after " << times << " reboots";
    ASSERT_TRUE(IsReadable(old_init)) << "after " << times << " reboots";
    ASSERT_OK(container.AwaitNextInit());
  }

  EXPECT_OK(container->Stop());
  EXPECT_FALSE(container->IsRunning());
}

TEST_F(Reboot2Test, AnotherObjectRebootsTheContainer) {
  COVERS(spec::reboot2::kAnyObject);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  ASSERT_OK_AND_ASSIGN(auto other, NewContainer());

  ASSERT_OK(other->Reboot2(kLong));

  ASSERT_OK(container.AwaitNextInit());
  EXPECT_THAT(container->InitPid(), SucceedsWith(container.init()));
  EXPECT_THAT(other->InitPid(), SucceedsWith(container.init()));
}

TEST_F(Reboot2Test, CallersThatAskedBeforeTheRebootAllSucceed) {
  COVERS(spec::reboot2::kSeveralCallers);
  // A real-time signal, of which the kernel delivers every one. It is the calling object's
  // configuration that names it, so the callers use the test's.
  const int signal = SIGRTMIN + 1;
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartHesitant(signal, {{"lxc.signal.reboot", std::to_string(signal)}}));
  std::vector<OtherClient> callers;
  for (const int timeout : {kForEver, kLong, kLong}) {
    ASSERT_OK_AND_ASSIGN(auto caller, OtherClient::Start([&container, timeout] {
                           return container->Reboot2(timeout).has_value();
                         }));
    callers.push_back(std::move(caller));
  }
  ASSERT_TRUE(ComesToCount(container, 3));

  ASSERT_OK(container.Tell({"reboot"}));

  for (OtherClient& caller : callers) EXPECT_THAT(caller.Await(), SucceedsWith(true));
  EXPECT_OK(container.AwaitNextInit());
}

TEST_F(Reboot2Test, OthersAreAnsweredWhileACallWaits) {
  COVERS(spec::reboot2::kOthersServed);
  ASSERT_OK_AND_ASSIGN(auto container, StartHesitant());
  ASSERT_OK_AND_ASSIGN(OtherClient caller, RebootElsewhere(kForEver));
  ASSERT_TRUE(ComesToCount(container, 1));

  EXPECT_EQ(container->State(), "RUNNING");
  EXPECT_THAT(container->InitPid(), SucceedsWith(container.init()));
  ASSERT_OK_AND_ASSIGN(auto third, NewContainer());
  EXPECT_TRUE(third->IsRunning());
  EXPECT_OK(third->Reboot2(0));
  EXPECT_FALSE(caller.HasReturned());
}

TEST_F(Reboot2Test, KilledCallerLeavesAContainerThatOthersReboot) {
  COVERS(spec::reboot2::kCallerMayDie);
  ASSERT_OK_AND_ASSIGN(auto container, StartHesitant());
  ASSERT_OK_AND_ASSIGN(OtherClient first, RebootElsewhere(kForEver));
  ASSERT_TRUE(ComesToCount(container, 1));

  first.Kill();

  EXPECT_EQ(container->State(), "RUNNING");
  ASSERT_OK_AND_ASSIGN(OtherClient second, RebootElsewhere(kForEver));
  ASSERT_TRUE(ComesToCount(container, 2));
  ASSERT_OK(container.Tell({"reboot"}));
  EXPECT_THAT(second.Await(), SucceedsWith(true));
  ASSERT_OK(container.AwaitNextInit());
  EXPECT_OK(container->Stop());
}

TEST_F(Reboot2Test, ProcessesOfTheOldRunHaveEnded) {
  COVERS(spec::reboot2::kEndsOldProcesses);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  for (int children = 0; children < 3; ++children) ASSERT_OK(container.Ask({"spawn"}));
  std::vector<UniqueFd> processes;
  for (const pid_t child : ChildrenOf(container.init())) {
    ASSERT_OK_AND_ASSIGN(UniqueFd pidfd, OpenPidfd(child));
    ASSERT_FALSE(IsReadable(pidfd));
    processes.push_back(std::move(pidfd));
  }
  ASSERT_THAT(processes, SizeIs(3));

  ASSERT_OK(container->Reboot2(kLong));

  for (const UniqueFd& process : processes) EXPECT_TRUE(IsReadable(process));
}

TEST_F(Reboot2Test, SuccessLeavesNothingOpen) {
  COVERS(spec::reboot2::kLeavesNothingOpen);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  const size_t before = OpenDescriptorCount();

  ASSERT_OK(container->Reboot2(kLong));

  EXPECT_EQ(OpenDescriptorCount(), before);
}

TEST_F(Reboot2Test, CallThatDoesNotWaitLeavesNothingOpen) {
  COVERS(spec::reboot2::kLeavesNothingOpen);
  ASSERT_OK_AND_ASSIGN(auto container, StartHesitant());
  const size_t before = OpenDescriptorCount();

  ASSERT_OK(container->Reboot2(0));

  EXPECT_EQ(OpenDescriptorCount(), before);
}

TEST_F(Reboot2Test, ExpiryLeavesNothingOpen) {
  COVERS(spec::reboot2::kLeavesNothingOpen);
  ASSERT_OK_AND_ASSIGN(auto container, StartHesitant());
  const size_t before = OpenDescriptorCount();

  ASSERT_THAT(container->Reboot2(1), Fails());

  EXPECT_EQ(OpenDescriptorCount(), before);
}

}  // namespace
}  // namespace lxcspec
