// SPDX-License-Identifier: Apache-2.0
//
// What the reference counts to, held to what it reached: bench/README.md has the targets. Needs
// root.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "bench/harness/ground.h"
#include "bench/harness/syscall_count.h"
#include "bench/seccomp_supervision.h"
#include "conformance/testee/liblxc_testee.h"
#include "conformance/testee/testee.h"

namespace lxcspec {
namespace {

using ::testing::Le;

constexpr int kStopSeconds = 60;
constexpr int kStarts = 5;

// Nine of them are what a hierarchy of version 1 takes.
constexpr uint64_t kStartCalls = 330;
constexpr uint64_t kStartCallsPerHierarchy = 9;
constexpr uint64_t kMonitorKib = 192;
constexpr uint64_t kConsoleLogCalls = 5;
// Two waits; the call and its validity; the caller's memory, opened and closed; the message and its
// answer; and that of the call.
constexpr uint64_t kForwardedCallCalls = 9;

uint64_t Hierarchies() {
  std::ifstream lines("/proc/self/cgroup");
  uint64_t count = 0;
  for (std::string line; std::getline(lines, line);) ++count;
  return count;
}

class ReferenceCountsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(LeaveTheMachine()); }

  void SetUp() override {
    const std::filesystem::path library = std::filesystem::absolute("runtime/liblxc.so.1");
    testee_ = LoadLiblxc(library.string()).value();
    ground_ = Ground::Create("bench/harness/payload").value();
    container_ = ground_->NewContainer(*testee_, {{"lxc.console.buffer.size", "131072"}}).value();
  }
  void TearDown() override { StopContainer(); }

  void StopContainer() {
    EXPECT_TRUE(container_->Stop());
    EXPECT_TRUE(container_->Wait("STOPPED", kStopSeconds));
  }

  std::unique_ptr<Testee> testee_;
  std::unique_ptr<Ground> ground_;
  std::unique_ptr<Container> container_;
};

TEST_F(ReferenceCountsTest, StartTakesFewSystemCalls) {
  // A process that waits for another one takes more than one that need not, and the first start
  // asks the kernel what it can do.
  uint64_t least = UINT64_MAX;
  for (int start = 0; start < kStarts; ++start) {
    if (start > 0) StopContainer();
    const auto count = CountSyscalls([&] { return container_->Start({}).has_value(); });
    ASSERT_TRUE(count) << count.error().ToString();
    least = std::min(least, *count);
  }
  EXPECT_THAT(least, Le(kStartCalls + kStartCallsPerHierarchy * Hierarchies()));
}

TEST_F(ReferenceCountsTest, MonitorHasLittleMemoryOfItsOwn) {
  ASSERT_TRUE(container_->Start({}));
  const pid_t monitor = MonitorOf(container_->InitPid().value()).value();
  const PrivateMemory memory = PrivateMemoryOf(monitor).value();
  EXPECT_THAT(memory.clean + memory.dirty, Le(kMonitorKib));
}

TEST_F(ReferenceCountsTest, ConsoleLogIsOneMessageAndItsAnswer) {
  ASSERT_TRUE(container_->Start({}));
  ASSERT_TRUE(ground_->Ask("write 1024 65536"));
  const ConsoleLogRequest request{.clear = false, .read = true, .read_max = 1024};
  ASSERT_TRUE(container_->ConsoleLog(request));
  const auto calls = [&](int times) {
    return CountSyscalls([&] {
      for (int i = 0; i < times; ++i) {
        if (!container_->ConsoleLog(request)) return false;
      }
      return true;
    });
  };
  const auto few = calls(2);
  const auto more = calls(12);
  ASSERT_TRUE(few && more);
  EXPECT_THAT((*more - *few) / 10, Le(kConsoleLogCalls));
}

TEST(ReferenceForwardsCallsTest, ForwardedCallTakesTheMonitorFewSystemCalls) {
  ASSERT_TRUE(LeaveTheMachine());
  const std::filesystem::path library = std::filesystem::absolute("runtime/liblxc.so.1");
  const auto testee = LoadLiblxc(library.string()).value();
  std::string folder = "/tmp/lxcspec-counts.XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  {
    const Callers callers =
        StartContainedCallers(*testee, {"conformance/probes/probe", folder}, 1, true).value();
    // The first one connects.
    ASSERT_TRUE(callers.supervisor->AnswerOne(std::chrono::milliseconds(0)));
    const auto calls = [&](int times) {
      return CountSyscallsOf(callers.monitor, [&] {
        for (int i = 0; i < times; ++i) {
          if (!callers.supervisor->AnswerOne(std::chrono::milliseconds(0))) return false;
        }
        return true;
      });
    };
    const auto few = calls(20);
    const auto more = calls(220);
    ASSERT_TRUE(few && more) << (few ? more : few).error().ToString();
    EXPECT_THAT((*more - *few) / 200, Le(kForwardedCallCalls));
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace lxcspec
