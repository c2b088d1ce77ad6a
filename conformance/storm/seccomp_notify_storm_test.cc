// SPDX-License-Identifier: Apache-2.0
//
// A hundred thousand calls that wait, by many callers at once, of which some are killed at random
// all the time: none of the others is forgotten, or has another one's answer, and nothing stays
// open. A suite of its own:
//
//   bazel build //conformance/launcher //conformance/storm //conformance/probes:probe
//   launcher --suite storm --testee liblxc.so.1 --probe probe --results FILE
//
// seccomp_notify_storm_result.txt has what it printed last.

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iostream>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "conformance/harness/notify_proxy.h"
#include "conformance/harness/processes.h"
#include "conformance/harness/seccomp_notify.h"
#include "conformance/harness/seccomp_test.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

using ::testing::MatchesRegex;

constexpr uint64_t kCalls = 100'000;
constexpr char kWorkers[] = "24";
constexpr char kSocket[] = "/run/lxcspec-proxy";
constexpr std::chrono::milliseconds kLooks(50);
constexpr std::chrono::seconds kStormPatience(300);

class SeccompNotifyStormTest : public SeccompTest {
 protected:
  // Notes that a call was received; each is received once.
  void Note(const Notification& call) {
    if (!numbers_.insert(call.arguments[0]).second) ++doubled_;
  }

  // Begins a storm, lets `serve` answer for it until it is over, and looks at what is left after
  // `leave`.
  void Weather(ProbedContainer& container, const std::function<void()>& serve,
               const std::function<void()>& leave) {
    const std::string monitor = StatusFieldOf(container.init(), "PPid");
    const auto open_in_monitor = [&] {
      return std::distance(std::filesystem::directory_iterator("/proc/" + monitor + "/fd"), {});
    };
    const auto before = open_in_monitor();
    const size_t open_here = OpenDescriptorCount();
    const auto begin = std::chrono::steady_clock::now();
    std::thread supervisor([&] {
      while (!is_over_) serve();
    });
    auto started = container.Ask({"storm", kWorkers});
    EXPECT_OK(started);
    std::mt19937 random(20261126);
    uint64_t returned = 0;
    while (started && returned < kCalls &&
           std::chrono::steady_clock::now() - begin < kStormPatience) {
      KillOne(container.init(), random);
      const Result<std::string> calls = container.Ask({"storm-calls"});
      if (!calls) break;
      returned = std::stoull(*calls);
    }
    EXPECT_GE(returned, kCalls);
    const Result<std::string> end = container.Ask({"storm-end"});
    is_over_ = true;
    supervisor.join();
    EXPECT_THAT(end, SucceedsWith(MatchesRegex("started .* wrong 0 killed .*")));
    if (end) ExpectAllReturned(*end);
    EXPECT_EQ(doubled_, 0U);
    leave();
    EXPECT_LE(OpenDescriptorCount(), open_here);
    // Something of the last callers may be kept for the next.
    EXPECT_TRUE(Eventually(open_in_monitor, ::testing::Le(before + kMostKept)));
    std::cout << "storm: " << (end ? *end : "") << ", descriptors of the monitor " << before
              << " to " << open_in_monitor() << ", "
              << std::chrono::duration_cast<std::chrono::milliseconds>(
                     std::chrono::steady_clock::now() - begin)
                     .count()
              << " ms\n";
  }

  std::atomic<bool> is_over_ = false;

 private:
  static constexpr std::ptrdiff_t kMostKept = 16;

  static void KillOne(pid_t init, std::mt19937& random) {
    for (const pid_t nursery : ChildrenOf(init)) {
      const std::vector<pid_t> workers = ChildrenOf(nursery);
      if (!workers.empty()) kill(workers[random() % workers.size()], SIGKILL);
    }
  }

  // Every call has returned but those, at most one each, of callers that were killed.
  static void ExpectAllReturned(const std::string& end) {
    std::istringstream words(end);
    std::string word;
    uint64_t started = 0;
    uint64_t returned = 0;
    uint64_t wrong = 0;
    uint64_t killed = 0;
    words >> word >> started >> word >> returned >> word >> wrong >> word >> killed;
    EXPECT_GT(killed, 0U);
    EXPECT_LE(returned, started);
    EXPECT_LE(started - returned, killed);
  }

  std::unordered_set<uint64_t> numbers_;
  uint64_t doubled_ = 0;
};

TEST_F(SeccompNotifyStormTest, EachOfManyCallersGetsItsOwnAnswersFromAListener) {
  COVERS(spec::seccomp_notify::kEachItsOwn, spec::seccomp_notify::kDeadCaller);
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying());
  ASSERT_OK_AND_ASSIGN(const UniqueFd listener, container->SeccompNotifyFdActive());

  Weather(
      container,
      [&] {
        if (!AwaitReadable(listener.get(), kLooks)) return;
        const auto call = Receive(listener);
        // It may have been killed before it was received, or before it is answered.
        if (!call) return;
        Note(*call);
        const uint64_t number = call->arguments[0];
        static_cast<void>(number % 2 == 1
                              ? AnswerErrno(listener, call->id, EDOM)
                              : AnswerValue(listener, call->id, static_cast<int64_t>(number + 1)));
      },
      [] {});
}

TEST_F(SeccompNotifyStormTest, EachOfManyCallersGetsItsOwnAnswersFromAProxy) {
  COVERS(spec::seccomp_notify::kEachItsOwn, spec::seccomp_notify::kDeadCaller);
  ASSERT_OK_AND_ASSIGN(auto proxy, NotifyProxy::Listen(kSocket));
  ASSERT_OK_AND_ASSIGN(auto container, StartNotifying({{"lxc.seccomp.notify.proxy", proxy.Key()}}));

  Weather(
      container,
      [&] {
        const auto request = proxy.Receive(kLooks);
        if (!request) return;
        Note(request->Call());
        const uint64_t number = request->Call().arguments[0];
        static_cast<void>(proxy.Send(number % 2 == 1
                                         ? request->AnswerErrno(EDOM)
                                         : request->AnswerValue(static_cast<int64_t>(number + 1))));
      },
      [&] { proxy.Die(); });
}

}  // namespace
}  // namespace lxcspec
