// SPDX-License-Identifier: Apache-2.0
//
// Proxies that are not there, are slow, or send what is no answer.

#include <linux/seccomp.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>

#include "conformance/harness/notify_proxy.h"
#include "conformance/harness/other_client.h"
#include "conformance/harness/processes.h"
#include "conformance/harness/seccomp_notify.h"
#include "conformance/harness/seccomp_test.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

using ::testing::Not;

constexpr int kStopSeconds = 10;
constexpr char kSocket[] = "/run/lxcspec-proxy";
constexpr char kProxy[] = "lxc.seccomp.notify.proxy";
const ConfigItems kAbsent = {{kProxy, std::string("unix:") + kSocket}};

class SeccompProxySendNotifyFdMisbehaviourTest : public SeccompTest {
 protected:
  Result<ProbedContainer> StartProxied(const NotifyProxy& proxy) {
    return StartNotifying({{kProxy, proxy.Key()}});
  }

  // Whether a call is forwarded, and has the answer that it is given.
  static ::testing::AssertionResult Serves(NotifyProxy& proxy, ProbedContainer& container) {
    const Result<std::string> caller = StartCall(container, kSubject);
    if (!caller) return ::testing::AssertionFailure() << caller.error();
    const Result<ProxyRequest> request = proxy.Receive();
    if (!request) return ::testing::AssertionFailure() << request.error();
    const Status sent = proxy.Send(request->AnswerErrno(EDOM));
    if (!sent) return ::testing::AssertionFailure() << sent.error();
    const Result<std::string> result = ResultOf(container, *caller);
    if (!result && result.error().code == EDOM) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "the call did not fail as answered";
  }
};

TEST_F(SeccompProxySendNotifyFdMisbehaviourTest,
       AbsentProxyKeepsTheContainerFromStartingOrNothing) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kAbsentAtStart);

  auto container = StartNotifyingIfItLives(kAbsent);

  if (!container) {
    EXPECT_THAT(container, Not(FailsWithErrno(ECHILD)));
    return;
  }
  EXPECT_THAT(container->Ask(InChild(SystemCall(kSubject))), FailsWithErrno(ENOSYS));
  EXPECT_EQ((*container)->State(), "RUNNING");
}

TEST_F(SeccompProxySendNotifyFdMisbehaviourTest, CallOfAProxyThatHasEndedFailsWithEnosys) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kAbsentLater);
  ASSERT_OK_AND_ASSIGN(auto proxy, NotifyProxy::Listen(kSocket));
  ASSERT_OK_AND_ASSIGN(auto container, StartProxied(proxy));
  ASSERT_TRUE(Serves(proxy, container));

  proxy.Die();

  EXPECT_THAT(container.Ask(InChild(SystemCall(kSubject))), FailsWithErrno(ENOSYS));
  EXPECT_EQ(container->State(), "RUNNING");
}

TEST_F(SeccompProxySendNotifyFdMisbehaviourTest, NextProxyGetsTheNextCalls) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kRestartedProxy);
  ASSERT_OK_AND_ASSIGN(auto proxy, NotifyProxy::Listen(kSocket));
  ASSERT_OK_AND_ASSIGN(auto container, StartProxied(proxy));
  ASSERT_TRUE(Serves(proxy, container));

  proxy.Die();
  ASSERT_OK(proxy.Restart());

  EXPECT_TRUE(Serves(proxy, container));
}

TEST_F(SeccompProxySendNotifyFdMisbehaviourTest, NextProxyGetsCallsAfterSomeFailed) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kRestartedProxy);
  ASSERT_OK_AND_ASSIGN(auto proxy, NotifyProxy::Listen(kSocket));
  ASSERT_OK_AND_ASSIGN(auto container, StartProxied(proxy));
  ASSERT_TRUE(Serves(proxy, container));
  proxy.Die();
  ASSERT_THAT(container.Ask(InChild(SystemCall(kSubject))), FailsWithErrno(ENOSYS));

  ASSERT_OK(proxy.Restart());

  EXPECT_TRUE(Serves(proxy, container));
}

TEST_F(SeccompProxySendNotifyFdMisbehaviourTest, ProxyThatHangsUpHasTheCallFailWithEnosys) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kHangsUp);
  ASSERT_OK_AND_ASSIGN(auto proxy, NotifyProxy::Listen(kSocket));
  ASSERT_OK_AND_ASSIGN(auto container, StartProxied(proxy));
  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject));
  ASSERT_OK(proxy.Receive());

  proxy.HangUp();

  EXPECT_THAT(ResultOf(container, caller), FailsWithErrno(ENOSYS));
  EXPECT_TRUE(Serves(proxy, container));
}

// What a proxy makes of a message that it should answer with a value.
struct BadAnswer {
  std::string name;
  std::string (*make)(const ProxyRequest& request);
};

class SeccompProxySendNotifyFdBadAnswerTest : public SeccompProxySendNotifyFdMisbehaviourTest,
                                              public ::testing::WithParamInterface<BadAnswer> {
 protected:
  void ExpectEnosys() {
    ASSERT_OK_AND_ASSIGN(auto proxy, NotifyProxy::Listen(kSocket));
    ASSERT_OK_AND_ASSIGN(auto container, StartNotifying({{kProxy, proxy.Key()},
                                                         {"lxc.seccomp.notify.cookie", "crumbs"}}));
    ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject));
    ASSERT_OK_AND_ASSIGN(const ProxyRequest request, proxy.Receive());

    ASSERT_OK(proxy.Send(GetParam().make(request)));

    EXPECT_THAT(ResultOf(container, caller), FailsWithErrno(ENOSYS));
    EXPECT_TRUE(Serves(proxy, container));
  }
};

using SeccompProxySendNotifyFdBadSizeTest = SeccompProxySendNotifyFdBadAnswerTest;

TEST_P(SeccompProxySendNotifyFdBadSizeTest, HasTheCallFailWithEnosys) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kBadSize, spec::seccomp_proxy_send_notify_fd::kGoesOn);

  ExpectEnosys();
}

INSTANTIATE_TEST_SUITE_P(
    All, SeccompProxySendNotifyFdBadSizeTest,
    ::testing::Values(
        BadAnswer{"OneByte", [](const ProxyRequest&) { return std::string(1, '\0'); }},
        BadAnswer{"HeaderOnly",
                  [](const ProxyRequest& request) {
                    return request.AnswerValue(5).substr(0, sizeof(ProxyHeader));
                  }},
        BadAnswer{"OneByteLess",
                  [](const ProxyRequest& request) {
                    std::string answer = request.AnswerValue(5);
                    answer.pop_back();
                    return answer;
                  }},
        BadAnswer{"OneByteMore",
                  [](const ProxyRequest& request) { return request.AnswerValue(5) + '\0'; }},
        BadAnswer{
            "WithTheCookie",
            [](const ProxyRequest& request) { return request.AnswerValue(5) + request.Cookie(); }}),
    [](const auto& each) { return each.param.name; });

using SeccompProxySendNotifyFdBadContentTest = SeccompProxySendNotifyFdBadAnswerTest;

TEST_P(SeccompProxySendNotifyFdBadContentTest, HasTheCallFailWithEnosys) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kBadAnswer,
         spec::seccomp_proxy_send_notify_fd::kGoesOn);

  ExpectEnosys();
}

INSTANTIATE_TEST_SUITE_P(All, SeccompProxySendNotifyFdBadContentTest,
                         ::testing::Values(BadAnswer{"OtherId",
                                                     [](const ProxyRequest& request) {
                                                       seccomp_notif_resp answer = request.Blank();
                                                       answer.id ^= 1;
                                                       answer.val = 5;
                                                       return request.Answer(answer);
                                                     }},
                                           BadAnswer{"ReservedBits",
                                                     [](const ProxyRequest& request) {
                                                       std::string answer = request.AnswerValue(5);
                                                       answer[3] = '\x10';
                                                       return answer;
                                                     }}),
                         [](const auto& each) { return each.param.name; });

TEST_F(SeccompProxySendNotifyFdMisbehaviourTest, CallerThatEndsEarlyHoldsNobodyUp) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kGoesOn);
  ASSERT_OK_AND_ASSIGN(auto proxy, NotifyProxy::Listen(kSocket));
  ASSERT_OK_AND_ASSIGN(auto container, StartProxied(proxy));
  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject));
  ASSERT_OK_AND_ASSIGN(const ProxyRequest request, proxy.Receive());
  ASSERT_OK_AND_ASSIGN(const UniqueFd pidfd, OpenPidfd(request.Call().pid));
  ASSERT_OK(SendSignal(pidfd, SIGKILL));
  ASSERT_THAT(ResultOf(container, caller), SucceedsWith("killed by signal 9"));

  ASSERT_OK(proxy.Send(request.AnswerValue(0)));

  EXPECT_TRUE(Serves(proxy, container));
}

TEST_F(SeccompProxySendNotifyFdMisbehaviourTest, SlowProxyDoesNotDelayTheState) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kNobodyWaitsWithIt);
  ASSERT_OK_AND_ASSIGN(auto proxy, NotifyProxy::Listen(kSocket));
  ASSERT_OK_AND_ASSIGN(auto container, StartProxied(proxy));
  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject));
  ASSERT_OK_AND_ASSIGN(const ProxyRequest request, proxy.Receive());

  ASSERT_OK_AND_ASSIGN(OtherClient client,
                       OtherClient::Start([&] { return container->State() == "RUNNING"; }));

  EXPECT_THAT(client.Await(), SucceedsWith(true));
  EXPECT_OK(CheckId(request.descriptors.at(2), request.Call().id)) << "the call was given up first";
  ASSERT_OK(proxy.Send(request.AnswerErrno(EDOM)));
  EXPECT_THAT(ResultOf(container, caller), FailsWithErrno(EDOM));
}

TEST_F(SeccompProxySendNotifyFdMisbehaviourTest, SlowProxyDoesNotDelayAStop) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kNobodyWaitsWithIt);
  ASSERT_OK_AND_ASSIGN(auto proxy, NotifyProxy::Listen(kSocket));
  ASSERT_OK_AND_ASSIGN(auto container, StartProxied(proxy));
  ASSERT_OK(StartCall(container, kSubject));
  ASSERT_OK(proxy.Receive());
  const auto begin = std::chrono::steady_clock::now();

  ASSERT_OK_AND_ASSIGN(OtherClient client, OtherClient::Start([&] {
                         return container->Stop() && container->Wait("STOPPED", kStopSeconds);
                       }));

  EXPECT_THAT(client.Await(), SucceedsWith(true));
  // An implementation that gives a proxy up after half a minute has stopped nothing till then.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(25));
  proxy.Die();
}

TEST_F(SeccompProxySendNotifyFdMisbehaviourTest, NextNotificationComesBeforeTheLastOnesAnswer) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kNextRequest);
  ASSERT_OK_AND_ASSIGN(auto proxy, NotifyProxy::Listen(kSocket));
  ASSERT_OK_AND_ASSIGN(auto container, StartProxied(proxy));
  ASSERT_OK(StartCall(container, kSubject, {1}));
  ASSERT_OK_AND_ASSIGN(const ProxyRequest first, proxy.Receive());
  ASSERT_OK_AND_ASSIGN(const std::string caller, StartCall(container, kSubject, {2}));

  const Result<ProxyRequest> request = proxy.Receive();

  EXPECT_OK(CheckId(first.descriptors.at(2), first.Call().id)) << "the call was given up first";
  EXPECT_OK(request);
  if (request) {
    EXPECT_EQ(request->Call().arguments[0], 2U);
    ASSERT_OK(proxy.Send(request->AnswerErrno(EDOM)));
    EXPECT_THAT(ResultOf(container, caller), FailsWithErrno(EDOM));
  }
  proxy.Die();
}

TEST_F(SeccompProxySendNotifyFdMisbehaviourTest, ContainerWithoutARuleRunsWithoutItsProxy) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kNoProxy);
  ASSERT_OK_AND_ASSIGN(auto container, StartUnder("2\ndenylist\ngetppid errno 33\n", kAbsent));

  EXPECT_THAT(container.Ask(SystemCall(kSubject)), FailsWithErrno(EDOM));
  EXPECT_EQ(container->State(), "RUNNING");
}

TEST_F(SeccompProxySendNotifyFdMisbehaviourTest, ContainerWithoutARuleForwardsNothing) {
  COVERS(spec::seccomp_proxy_send_notify_fd::kNoProxy);
  ASSERT_OK_AND_ASSIGN(auto proxy, NotifyProxy::Listen(kSocket));
  ASSERT_OK_AND_ASSIGN(auto container,
                       StartUnder("2\ndenylist\ngetppid errno 33\n", {{kProxy, proxy.Key()}}));

  EXPECT_THAT(container.Ask(SystemCall(kSubject)), FailsWithErrno(EDOM));
  EXPECT_THAT(proxy.HasConnections(), SucceedsWith(false));
}

}  // namespace
}  // namespace lxcspec
