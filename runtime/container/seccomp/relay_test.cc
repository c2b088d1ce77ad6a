// SPDX-License-Identifier: Apache-2.0
//
// Proxies of every bad kind, and the loop that must go on whatever they do: the tests' proxy and
// the relay live in one thread, so that a relay which blocked would end its test.

#include "runtime/container/seccomp/relay.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/kernel/seccomp/filtered_callers.h"
#include "runtime/kernel/socket.h"

namespace lxcspec::runtime {
namespace {

using std::chrono::milliseconds;
using ::testing::SizeIs;

constexpr milliseconds kPatience(20'000);
constexpr size_t kAnswerAt = 32 + sizeof(seccomp_notif);

// One end of a connection, and what came over it.
struct Request {
  UniqueFd connection;
  std::string bytes;
  std::vector<UniqueFd> fds;

  uint64_t Argument() const {
    seccomp_notif call{};
    memcpy(&call, bytes.data() + 32, sizeof(call));
    return call.data.args[0];
  }

  std::string Answer(int32_t error, int64_t value = 0, uint32_t flags = 0) const {
    std::string answer = bytes;
    seccomp_notif_resp response{};
    memcpy(&response, bytes.data() + kAnswerAt, sizeof(response));
    response.error = error;
    response.val = value;
    response.flags = flags;
    memcpy(answer.data() + kAnswerAt, &response, sizeof(response));
    return answer;
  }

  void Send(const std::string& answer) const {
    EXPECT_EQ(send(connection.get(), answer.data(), answer.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(answer.size()));
  }
};

class SeccompRelayTest : public ::testing::Test {
 protected:
  SeccompRelayTest()
      : loop_(EventLoop::Create().value()), callers_(FilteredCallers::Start().value()) {
    settings_.proxy = fmt::format("unix:@lxcspec-relay-{}", getpid());
  }

  void SetUp() override { Listen(); }

  void StartRelay() {
    relay_ = SeccompRelay::Create(loop_, settings_, [this](const Error& error) {
               errors_.push_back(error.code);
             }).value();
    UniqueFd copy(fcntl(callers_.listener().get(), F_DUPFD_CLOEXEC, 0));
    ASSERT_TRUE(relay_->Watch(std::move(copy), callers_.parent()));
  }

  void Listen(int backlog = 64) {
    const std::string name = settings_.proxy.substr(5);
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    name.copy(address.sun_path, sizeof(address.sun_path) - 1);
    address.sun_path[0] = '\0';
    proxy_ = UniqueFd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    ASSERT_EQ(bind(proxy_.get(), reinterpret_cast<const sockaddr*>(&address),
                   static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())),
              0);
    ASSERT_EQ(listen(proxy_.get(), backlog), 0);
  }

  // Runs the loop until there is something; the test fails where it never comes.
  template <typename Look>
  auto Await(Look look) -> decltype(look()) {
    const auto end = EventLoop::Clock::now() + kPatience;
    while (EventLoop::Clock::now() < end) {
      if (auto found = look()) return found;
      loop_.After(milliseconds(1), [] {});
      if (!loop_.RunOnce()) break;
    }
    ADD_FAILURE() << "waited in vain";
    return look();
  }

  std::optional<UniqueFd> Accepted() {
    return Await([&]() -> std::optional<UniqueFd> {
      UniqueFd connection(accept4(proxy_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!connection.valid()) return std::nullopt;
      return connection;
    });
  }

  // The next message over this connection.
  Request ReceivedFrom(UniqueFd connection) {
    Request request{.connection = std::move(connection), .bytes = {}, .fds = {}};
    std::array<char, 4096> buffer{};
    Await([&] {
      const auto count = Receive(request.connection, buffer, request.fds);
      if (count) request.bytes.assign(buffer.data(), *count);
      return count.has_value();
    });
    return request;
  }

  Request Received() { return ReceivedFrom(*Accepted()); }

  FilteredCallers::Outcome Outcome() {
    return Await([&] { return callers_.Returned(); }).value_or(FilteredCallers::Outcome{});
  }

  void ExpectOutcome(uint64_t argument, int64_t result) {
    const FilteredCallers::Outcome outcome = Outcome();
    EXPECT_EQ(outcome.argument, argument);
    EXPECT_EQ(outcome.result, result);
  }

  // Over this connection, or, without one, over a new one.
  void ExpectNextIsServed(UniqueFd connection = UniqueFd()) {
    ASSERT_TRUE(callers_.Call(99));
    const Request request = ReceivedFrom(connection.valid() ? std::move(connection) : *Accepted());
    EXPECT_EQ(request.Argument(), 99U);
    request.Send(request.Answer(-EDOM));
    ExpectOutcome(99, -EDOM);
  }

  EventLoop loop_;
  FilteredCallers callers_;
  RelaySettings settings_;
  UniqueFd proxy_;
  std::vector<int> errors_;
  std::unique_ptr<SeccompRelay> relay_;
};

TEST_F(SeccompRelayTest, ACallHasTheAnswerOfTheProxy) {
  StartRelay();
  ASSERT_TRUE(callers_.Call(7));
  Request request = Received();
  EXPECT_EQ(request.Argument(), 7U);
  EXPECT_THAT(request.fds, SizeIs(3));
  EXPECT_EQ(relay_->calls(), 1U);
  request.Send(request.Answer(-EDOM));
  ExpectOutcome(7, -EDOM);
  EXPECT_EQ(relay_->calls(), 0U);

  // The same connection carries the next.
  ASSERT_TRUE(callers_.Call(8));
  request = ReceivedFrom(std::move(request.connection));
  request.Send(request.Answer(0, 4711));
  ExpectOutcome(8, 4711);

  ASSERT_TRUE(callers_.Call(9));
  request = ReceivedFrom(std::move(request.connection));
  request.Send(request.Answer(0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE));
  ExpectOutcome(9, callers_.parent());
  EXPECT_TRUE(errors_.empty());
}

struct NoAnswer {
  const char* name;
  std::string (*make)(const Request& request);
  // Unless it is to another call: then nobody knows what the connection's next message is to.
  bool keeps_connection = true;
};

class SeccompRelayNoAnswerTest : public SeccompRelayTest,
                                 public ::testing::WithParamInterface<NoAnswer> {};

TEST_P(SeccompRelayNoAnswerTest, IsEnosysAndTheNextCallGoesOn) {
  StartRelay();
  ASSERT_TRUE(callers_.Call(1));
  Request request = Received();

  request.Send(GetParam().make(request));

  ExpectOutcome(1, -ENOSYS);
  EXPECT_THAT(errors_, ::testing::ElementsAre(EBADMSG));
  ExpectNextIsServed(GetParam().keeps_connection ? std::move(request.connection) : UniqueFd());
}

INSTANTIATE_TEST_SUITE_P(
    All, SeccompRelayNoAnswerTest,
    ::testing::Values(
        NoAnswer{"OneByte", [](const Request&) { return std::string(1, 'x'); }},
        NoAnswer{"OneByteLess",
                 [](const Request& request) {
                   return request.Answer(0, 5).substr(0, request.bytes.size() - 1);
                 }},
        NoAnswer{"OneByteMore", [](const Request& request) { return request.Answer(0, 5) + 'x'; }},
        NoAnswer{"MuchMore", [](const Request&) { return std::string(65536, '\0'); }},
        NoAnswer{"OtherId",
                 [](const Request& request) {
                   std::string answer = request.Answer(0, 5);
                   answer[kAnswerAt] ^= 1;
                   return answer;
                 },
                 false},
        NoAnswer{"ReservedBits",
                 [](const Request& request) {
                   std::string answer = request.Answer(0, 5);
                   answer[3] = 1;
                   return answer;
                 }},
        NoAnswer{"UnknownFlag", [](const Request& request) { return request.Answer(0, 0, 2); }},
        NoAnswer{"PositiveErrno", [](const Request& request) { return request.Answer(EPERM); }},
        NoAnswer{"NoErrno", [](const Request& request) { return request.Answer(-4096); }},
        NoAnswer{"ContinueWithAValue",
                 [](const Request& request) {
                   return request.Answer(0, 5, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
                 }}),
    [](const auto& each) { return std::string(each.param.name); });

TEST_F(SeccompRelayTest, WithoutAProxyACallIsEnosysAndToldOnce) {
  proxy_ = UniqueFd();
  StartRelay();
  for (uint64_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(callers_.Call(i));
    ExpectOutcome(i, -ENOSYS);
  }
  EXPECT_THAT(errors_, ::testing::ElementsAre(ECONNREFUSED));

  Listen();
  ExpectNextIsServed();
}

TEST_F(SeccompRelayTest, AProxyThatEndsBeforeItHasReadIsAskedAgainWhenItIsBack) {
  StartRelay();
  ASSERT_TRUE(callers_.Call(1));
  std::optional<UniqueFd> unread = Accepted();
  Await([&] { return relay_->calls() == 1; });
  proxy_ = UniqueFd();
  Listen();

  // With the message in it.
  unread.reset();

  const Request request = Received();
  request.Send(request.Answer(-EDOM));
  ExpectOutcome(1, -EDOM);
}

TEST_F(SeccompRelayTest, AProxyThatEndsAfterItHasReadLeavesEnosys) {
  StartRelay();
  ASSERT_TRUE(callers_.Call(1));
  Request request = Received();

  request.connection = UniqueFd();

  ExpectOutcome(1, -ENOSYS);
  ExpectNextIsServed();
}

TEST_F(SeccompRelayTest, AProxyThatWritesNoMoreLeavesEnosys) {
  StartRelay();
  ASSERT_TRUE(callers_.Call(1));
  const Request request = Received();

  ASSERT_EQ(shutdown(request.connection.get(), SHUT_WR), 0);

  ExpectOutcome(1, -ENOSYS);
  ExpectNextIsServed();
}

TEST_F(SeccompRelayTest, AProxyThatReadsNoMoreIsConnectedToAnew) {
  StartRelay();
  ASSERT_TRUE(callers_.Call(1));
  const Request request = Received();
  request.Send(request.Answer(-EDOM));
  ExpectOutcome(1, -EDOM);

  ASSERT_EQ(shutdown(request.connection.get(), SHUT_RD), 0);

  ExpectNextIsServed();
}

TEST_F(SeccompRelayTest, ASlowProxysAnswerIsNobodyElses) {
  settings_.patience = milliseconds(30);
  StartRelay();
  ASSERT_TRUE(callers_.Call(1));
  const Request late = Received();
  ExpectOutcome(1, -ENOSYS);
  EXPECT_THAT(errors_, ::testing::ElementsAre(ETIMEDOUT));

  const std::string answer = late.Answer(0, 5);
  EXPECT_LT(send(late.connection.get(), answer.data(), answer.size(), MSG_NOSIGNAL), 0);
}

TEST_F(SeccompRelayTest, AnAnswerToNothingIsNotTakenForOneToTheNextCall) {
  StartRelay();
  ASSERT_TRUE(callers_.Call(1));
  const Request request = Received();
  request.Send(request.Answer(-EDOM));
  ExpectOutcome(1, -EDOM);

  request.Send(request.Answer(0, 5));
  Await([&] {
    char byte = 0;
    return recv(request.connection.get(), &byte, 1, MSG_DONTWAIT) == 0;
  });

  ExpectNextIsServed();
}

TEST_F(SeccompRelayTest, CallsAreAnsweredInWhateverOrder) {
  constexpr uint64_t kCalls = 40;
  StartRelay();
  std::vector<Request> requests;
  for (uint64_t i = 0; i < kCalls; ++i) {
    ASSERT_TRUE(callers_.Call(i));
    requests.push_back(Received());
  }
  EXPECT_EQ(relay_->calls(), kCalls);
  std::reverse(requests.begin(), requests.end());
  for (const Request& request : requests) {
    const auto argument = static_cast<int64_t>(request.Argument());
    request.Send(request.Answer(0, 1000 + argument));
  }
  std::map<uint64_t, int64_t> results;
  for (uint64_t i = 0; i < kCalls; ++i) {
    const auto [argument, result] = Outcome();
    EXPECT_TRUE(results.emplace(argument, result).second) << argument;
    EXPECT_EQ(result, static_cast<int64_t>(1000 + argument));
  }
}

TEST_F(SeccompRelayTest, MoreCallsThanAProxyAcceptsHoldNobodyUp) {
  constexpr uint64_t kCalls = 20;
  proxy_ = UniqueFd();
  Listen(0);
  StartRelay();
  for (uint64_t i = 0; i < kCalls; ++i) ASSERT_TRUE(callers_.Call(i));
  Await([&] { return relay_->calls() == kCalls; });

  // The monitor's other duties are timers and descriptors of the same loop.
  int ticks = 0;
  for (int i = 0; i < 50; ++i) {
    loop_.After(milliseconds(1), [&] { ++ticks; });
    Await([&, before = ticks] { return ticks > before; });
  }
  EXPECT_EQ(relay_->calls(), kCalls);

  for (uint64_t i = 0; i < kCalls; ++i) {
    const Request request = Received();
    request.Send(request.Answer(-EDOM));
    EXPECT_EQ(Outcome().result, -EDOM);
  }
  EXPECT_TRUE(errors_.empty());
}

TEST_F(SeccompRelayTest, FurtherCallsWaitInTheKernel) {
  settings_.most_calls = 2;
  StartRelay();
  for (uint64_t i = 0; i < 5; ++i) ASSERT_TRUE(callers_.Call(i));
  for (uint64_t i = 0; i < 5; ++i) {
    const Request request = Received();
    EXPECT_LE(relay_->calls(), 2U);
    request.Send(request.Answer(-EDOM));
    EXPECT_EQ(Outcome().result, -EDOM);
  }
}

TEST_F(SeccompRelayTest, ACallerThatIsKilledLeavesNothing) {
  StartRelay();
  const pid_t caller = callers_.Call(1).value();
  Request request = Received();
  ASSERT_EQ(kill(caller, SIGKILL), 0);
  uint64_t id = 0;
  memcpy(&id, request.bytes.data() + kAnswerAt, sizeof(id));
  Await([&] { return !IsCallWaiting(callers_.listener(), id); });

  request.Send(request.Answer(0, 5));

  Await([&] { return relay_->calls() == 0; });
  EXPECT_TRUE(errors_.empty());
  ExpectNextIsServed(std::move(request.connection));
}

TEST_F(SeccompRelayTest, AListenerThatNobodyHasAFilterOfIsForgotten) {
  StartRelay();
  EXPECT_EQ(relay_->listeners(), 1U);

  callers_.End();

  Await([&] { return relay_->listeners() == 0; });
}

TEST_F(SeccompRelayTest, WhatIsNoListenerIsRefused) {
  StartRelay();
  UniqueFd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(relay_->Watch(std::move(null), 1).error().code, EINVAL);
}

TEST_F(SeccompRelayTest, ManyCallsLeaveNothingOpen) {
  const auto open_descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  StartRelay();
  ASSERT_TRUE(callers_.Call(0));
  Request request = Received();
  request.Send(request.Answer(-EDOM));
  ExpectOutcome(0, -EDOM);
  const auto before = open_descriptors();
  for (uint64_t i = 1; i < 200; ++i) {
    ASSERT_TRUE(callers_.Call(i));
    request = ReceivedFrom(std::move(request.connection));
    request.Send(request.Answer(-EDOM));
    ExpectOutcome(i, -EDOM);
  }
  // What the relay may keep of the last callers is bounded.
  EXPECT_LE(open_descriptors(), before + 8);
}

}  // namespace
}  // namespace lxcspec::runtime
