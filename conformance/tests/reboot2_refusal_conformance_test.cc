// SPDX-License-Identifier: Apache-2.0
//
// When a reboot is reported as failed: it did not come in time, the container halted instead, or
// there is none that runs.

#include <chrono>
#include <csignal>
#include <string>

#include "conformance/harness/other_client.h"
#include "conformance/harness/probed_container.h"
#include "conformance/harness/processes.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

using ::std::chrono::milliseconds;
using ::testing::Ge;

// Seconds that no test has: a call that returns has not waited for them to pass.
constexpr int kLong = 3600;
constexpr int kForEver = -1;
constexpr int kStopSeconds = 10;

// The kernel may count a timeout's last tick from before the call; a tick has 10 ms at most.
constexpr milliseconds kTick(10);

const std::string kInterrupt = std::to_string(SIGINT);

class Reboot2RefusalTest : public ProbedContainerTest {
 protected:
  Result<ProbedContainer> StartHesitant() { return StartProbed({}, {"on", kInterrupt, "count"}); }

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

TEST_F(Reboot2RefusalTest, CallReturnsFalseAfterItsTimeoutAndNotBefore) {
  COVERS(spec::reboot2::kExpires);
  ASSERT_OK_AND_ASSIGN(auto container, StartHesitant());
  const auto start = std::chrono::steady_clock::now();

  EXPECT_THAT(container->Reboot2(2), Fails());

  const auto waited = std::chrono::steady_clock::now() - start;
  EXPECT_THAT(std::chrono::duration_cast<milliseconds>(waited), Ge(milliseconds(2000) - kTick));
  EXPECT_TRUE(ComesToCount(container, 1)) << "the init was not even asked";
}

TEST_F(Reboot2RefusalTest, ExpiredWaitLeavesTheContainerAsItWas) {
  COVERS(spec::reboot2::kExpiryChangesNothing);
  ASSERT_OK_AND_ASSIGN(auto container, StartHesitant());
  ASSERT_OK_AND_ASSIGN(const UniqueFd init, OpenPidfd(container.init()));

  ASSERT_THAT(container->Reboot2(1), Fails());

  EXPECT_EQ(container->State(), "RUNNING");
  EXPECT_FALSE(IsReadable(init));
  EXPECT_THAT(container->InitPid(), SucceedsWith(container.init()));
}

TEST_F(Reboot2RefusalTest, LaterCallSucceedsAfterAnExpiredOne) {
  COVERS(spec::reboot2::kExpiryChangesNothing);
  ASSERT_OK_AND_ASSIGN(auto container, StartHesitant());
  ASSERT_THAT(container->Reboot2(1), Fails());
  ASSERT_OK(container.Ask({"on", kInterrupt, "reboot"}));

  EXPECT_OK(container->Reboot2(kLong));

  EXPECT_OK(container.AwaitNextInit());
}

struct Halt {
  std::string name;
  std::string action;  // of the init, when it is asked for a reboot
  int timeout;
};

class Reboot2HaltTest : public Reboot2RefusalTest, public ::testing::WithParamInterface<Halt> {};

TEST_P(Reboot2HaltTest, CallReturnsFalse) {
  COVERS(spec::reboot2::kHaltsInstead);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed({}, {"on", kInterrupt, GetParam().action}));
  ASSERT_OK_AND_ASSIGN(OtherClient caller, RebootElsewhere(GetParam().timeout));

  EXPECT_THAT(caller.Await(), SucceedsWith(false));
}

TEST_P(Reboot2HaltTest, ContainerStaysStopped) {
  COVERS(spec::reboot2::kHaltedStaysStopped);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed({}, {"on", kInterrupt, GetParam().action}));
  ASSERT_OK_AND_ASSIGN(OtherClient caller, RebootElsewhere(GetParam().timeout));
  ASSERT_THAT(caller.Await(), SucceedsWith(false));

  EXPECT_OK(container->Wait("STOPPED", kStopSeconds));
  EXPECT_FALSE(container->IsRunning());
  EXPECT_THAT(container->InitPid(), Fails());
}

INSTANTIATE_TEST_SUITE_P(All, Reboot2HaltTest,
                         ::testing::Values(Halt{"PowersOffWithinATimeout", "halt", kLong},
                                           Halt{"PowersOffWithoutATimeout", "halt", kForEver},
                                           Halt{"EndsWithinATimeout", "exit", kLong},
                                           Halt{"EndsWithoutATimeout", "exit", kForEver}),
                         [](const auto& each) { return each.param.name; });

TEST_F(Reboot2RefusalTest, CallReturnsFalseWhenTheInitIsKilled) {
  COVERS(spec::reboot2::kHaltsInstead);
  ASSERT_OK_AND_ASSIGN(auto container, StartHesitant());
  ASSERT_OK_AND_ASSIGN(OtherClient caller, RebootElsewhere(kForEver));
  ASSERT_TRUE(ComesToCount(container, 1));

  ASSERT_OK_AND_ASSIGN(const UniqueFd init, OpenPidfd(container.init()));
  ASSERT_OK(SendSignal(init, SIGKILL));

  EXPECT_THAT(caller.Await(), SucceedsWith(false));
}

TEST_F(Reboot2RefusalTest, CallReturnsFalseWhenTheContainerIsStopped) {
  COVERS(spec::reboot2::kHaltsInstead);
  ASSERT_OK_AND_ASSIGN(auto container, StartHesitant());
  ASSERT_OK_AND_ASSIGN(OtherClient caller, RebootElsewhere(kForEver));
  ASSERT_TRUE(ComesToCount(container, 1));

  ASSERT_OK(container->Stop());

  EXPECT_THAT(caller.Await(), SucceedsWith(false));
}

struct Timeout {
  std::string name;
  int seconds;
};

class Reboot2TimeoutTest : public Reboot2RefusalTest,
                           public ::testing::WithParamInterface<Timeout> {};

TEST_P(Reboot2TimeoutTest, CallWithoutAContainerReturnsFalse) {
  COVERS(spec::reboot2::kNullContainer);
  ASSERT_OK_AND_ASSIGN(auto null, testee().NullContainer());

  EXPECT_THAT(null->Reboot2(GetParam().seconds), Fails());
}

TEST_P(Reboot2TimeoutTest, UndefinedContainerIsRefused) {
  COVERS(spec::reboot2::kNotRunning);
  ASSERT_OK_AND_ASSIGN(auto container, NewContainer());

  EXPECT_THAT(container->Reboot2(GetParam().seconds), Fails());
}

TEST_P(Reboot2TimeoutTest, NeverStartedContainerIsRefused) {
  COVERS(spec::reboot2::kNotRunning);
  ASSERT_OK_AND_ASSIGN(auto container, Configure({"pause"}));

  EXPECT_THAT(container->Reboot2(GetParam().seconds), Fails());
}

TEST_P(Reboot2TimeoutTest, ContainerStoppedByRequestIsRefused) {
  COVERS(spec::reboot2::kAfterStop);
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent());
  ASSERT_OK(container->Stop());
  ASSERT_OK(container->Wait("STOPPED", kStopSeconds));

  EXPECT_THAT(container->Reboot2(GetParam().seconds), Fails());
}

TEST_P(Reboot2TimeoutTest, ContainerThatEndedIsRefused) {
  COVERS(spec::reboot2::kAfterStop);
  ASSERT_OK_AND_ASSIGN(auto container, StartProbed());
  ASSERT_OK(container.Tell({"exit", "0"}));
  ASSERT_OK(container->Wait("STOPPED", kStopSeconds));

  EXPECT_THAT(container->Reboot2(GetParam().seconds), Fails());
}

TEST_P(Reboot2TimeoutTest, StoppedContainerIsNotStarted) {
  COVERS(spec::reboot2::kStartsNothing);
  ASSERT_OK_AND_ASSIGN(auto container, StartSilent());
  ASSERT_OK(container->Stop());
  ASSERT_OK(container->Wait("STOPPED", kStopSeconds));

  static_cast<void>(container->Reboot2(GetParam().seconds));

  EXPECT_FALSE(container->IsRunning());
  EXPECT_EQ(container->State(), "STOPPED");
}

INSTANTIATE_TEST_SUITE_P(All, Reboot2TimeoutTest,
                         ::testing::Values(Timeout{"WithoutWaiting", 0}, Timeout{"WithATimeout", 1},
                                           Timeout{"WaitingForEver", kForEver}),
                         [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace lxcspec
