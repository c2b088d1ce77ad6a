// SPDX-License-Identifier: Apache-2.0
//
// Containers from start to end, with a real monitor and a static program as their init.

#include "runtime/container/lifecycle.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/config/parser.h"
#include "runtime/container/run_record.h"
#include "runtime/container/start.h"
#include "runtime/kernel/pidfd.h"
#include "runtime/kernel/socket.h"

namespace lxcspec::runtime {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kIdle[] = "runtime/container/testdata/idle";
constexpr Seconds kPatienceSeconds = 30;

class LifecycleTest : public ::testing::Test {
 protected:
  LifecycleTest() {
    std::string name = ::testing::TempDir() + "/lifecycle.XXXXXX";
    place_ = {.lxcpath = mkdtemp(name.data()), .name = "c"};
    for (const char* folder : {"dev", "proc", "sys"}) fs::create_directories(rootfs() / folder);
    fs::copy_file(kIdle, rootfs() / "idle");
  }
  ~LifecycleTest() override {
    EXPECT_TRUE(StopContainer(place_));
    EXPECT_FALSE(IsRecorded());
    fs::remove_all(place_.lxcpath);
  }

  fs::path rootfs() const { return fs::path(place_.lxcpath) / "root"; }
  const Place& place() const { return place_; }

  Config Configured(const std::string& lines) const {
    Config config;
    const auto loaded = LoadText(fmt::format("lxc.rootfs.path = dir:{}\n"
                                             "lxc.init.cmd = /idle\n"
                                             "lxc.net.0.type = empty\n"
                                             "lxc.apparmor.profile = unconfined\n{}",
                                             rootfs().string(), lines),
                                 config);
    EXPECT_TRUE(loaded) << loaded.error().ToString();
    return config;
  }

  // The init's status where that is waited for.
  Result<std::optional<int>> Start(const std::string& lines = "",
                                   const StartRequest& request = {}) const {
    auto plan = PlanStart(place_, Configured(lines), request);
    if (!plan) return Forward(std::move(plan).error());
    return StartContainer(*std::move(plan));
  }

  State StateNow() const { return CurrentState(place_).value(); }

  bool IsRecorded() const {
    const auto places = RecordedPlaces();
    return std::any_of(places.begin(), places.end(),
                       [&](const Place& recorded) { return recorded.lxcpath == place_.lxcpath; });
  }

  Status AwaitStopped() const {
    return WaitForState(place_, ParseStates("STOPPED").value(), kPatienceSeconds);
  }

  // A descriptor of the monitor, which keeps the container from ending while it is taken.
  Result<UniqueFd> Monitor() const {
    auto socket = ConnectAbstract(CommandAddress(place_), std::nullopt);
    if (!socket) return Forward(socket.error());
    const auto peer = PeerOf(*socket);
    if (!peer) return Forward(peer.error());
    return OpenPidfd(peer->pid);
  }

 private:
  Place place_;
};

TEST_F(LifecycleTest, AStartedContainerRunsUntilItIsStopped) {
  const auto started = Start();
  ASSERT_TRUE(started) << started.error().ToString();
  EXPECT_EQ(StateNow(), State::kRunning);
  EXPECT_TRUE(IsRecorded());
  EXPECT_GT(QueryInitPid(place()).value(), 1);

  ASSERT_TRUE(StopContainer(place()));

  EXPECT_EQ(StateNow(), State::kStopped);
  EXPECT_FALSE(IsRecorded());
  EXPECT_EQ(QueryInitPid(place()).error().code, ECONNREFUSED);
}

TEST_F(LifecycleTest, AContainerThatWasStoppedStartsAgain) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(Start());
    ASSERT_TRUE(StopContainer(place()));
  }
}

TEST_F(LifecycleTest, StartingItTwiceFailsWithEbusyAndLeavesItRunning) {
  ASSERT_TRUE(Start());
  const pid_t init = QueryInitPid(place()).value();
  EXPECT_EQ(Start().error().code, EBUSY);
  EXPECT_EQ(QueryInitPid(place()).value(), init);
}

TEST_F(LifecycleTest, OfSeveralWhoStartItAtOnceOneDoes) {
  std::vector<int> codes(4, -1);
  std::vector<std::thread> threads;
  for (int& code : codes) {
    threads.emplace_back([this, &code] {
      const auto started = Start();
      code = started ? 0 : started.error().code;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::count(codes.begin(), codes.end(), 0), 1);
  EXPECT_EQ(StateNow(), State::kRunning);
}

TEST_F(LifecycleTest, AnInitThatEndsEndsTheContainer) {
  ASSERT_TRUE(Start());
  // Until the init waits for its signals, the kernel keeps them from it.
  const std::string signal = std::to_string(SIGTERM);
  Status stopped = ShutdownContainer(place(), signal, 1);
  for (int i = 0; !stopped && i < kPatienceSeconds; ++i) {
    stopped = ShutdownContainer(place(), signal, 1);
  }
  ASSERT_TRUE(stopped) << stopped.error().ToString();
  EXPECT_FALSE(IsRecorded());
}

TEST_F(LifecycleTest, AKilledInitEndsTheContainer) {
  ASSERT_TRUE(Start());
  const UniqueFd init = QueryInitPidfd(place()).value();
  ASSERT_TRUE(SendSignal(init, SIGKILL));
  ASSERT_TRUE(AwaitStopped());
  EXPECT_FALSE(IsRecorded());
}

TEST_F(LifecycleTest, AKilledMonitorTakesItsContainerAlongAndTheNextCallCleansUp) {
  ASSERT_TRUE(Start());
  const UniqueFd init = QueryInitPidfd(place()).value();
  const UniqueFd monitor = Monitor().value();
  ASSERT_TRUE(SendSignal(monitor, SIGKILL));

  ASSERT_TRUE(AwaitStopped());

  EXPECT_EQ(StateNow(), State::kStopped);
  EXPECT_TRUE(HasEnded(init));
  EXPECT_FALSE(IsRecorded());
  EXPECT_TRUE(Start());
}

TEST_F(LifecycleTest, AKilledMonitorsContainerStartsWithoutAnyCallBetween) {
  ASSERT_TRUE(Start());
  const UniqueFd monitor = Monitor().value();
  auto connection = MonitorConnection::Open(place()).value();
  ASSERT_TRUE(SendSignal(monitor, SIGKILL));
  // Its end closes the connection.
  EXPECT_EQ(connection.Ask(Command::kStop).error().code, ECONNRESET);
  const auto started = Start();
  EXPECT_TRUE(started) << started.error().ToString();
}

TEST_F(LifecycleTest, ARebootMakesANewInitUnderTheSameMonitor) {
  ASSERT_TRUE(Start());
  const UniqueFd monitor = Monitor().value();
  const UniqueFd old_init = QueryInitPidfd(place()).value();

  // Until the init waits for its signals, the kernel keeps them from it.
  Status rebooted = RebootContainer(place(), "", 1);
  for (int i = 0; !rebooted && i < kPatienceSeconds; ++i)
    rebooted = RebootContainer(place(), "", 1);

  ASSERT_TRUE(rebooted) << rebooted.error().ToString();
  EXPECT_TRUE(HasEnded(old_init));
  EXPECT_FALSE(HasEnded(monitor));
  EXPECT_EQ(StateNow(), State::kRunning);
}

TEST_F(LifecycleTest, InTheForegroundStartReturnsTheInitsStatus) {
  const auto ended = Start("", {.command = {"/idle", "7"}, .daemonize = false});
  ASSERT_TRUE(ended) << ended.error().ToString();
  ASSERT_TRUE(*ended);
  EXPECT_TRUE(WIFEXITED(**ended));
  EXPECT_EQ(WEXITSTATUS(**ended), 7);
  EXPECT_EQ(StateNow(), State::kStopped);
}

TEST_F(LifecycleTest, WaitingForAStateThatDoesNotComeEndsInTime) {
  ASSERT_TRUE(Start());
  EXPECT_EQ(WaitForState(place(), ParseStates("FROZEN").value(), 0).error().code, ETIMEDOUT);
  EXPECT_EQ(WaitForState(place(), ParseStates("STOPPED").value(), 1).error().code, ETIMEDOUT);
  EXPECT_TRUE(WaitForState(place(), ParseStates("FROZEN|RUNNING").value(), 0));
}

TEST_F(LifecycleTest, AFrozenContainerIsStopped) {
  ASSERT_TRUE(Start());
  ASSERT_TRUE(Query(place(), Command::kFreeze));
  EXPECT_EQ(StateNow(), State::kFrozen);
  ASSERT_TRUE(StopContainer(place()));
  EXPECT_EQ(StateNow(), State::kStopped);
}

struct FailingStart {
  const char* name;
  const char* lines;
  const char* stage;
};

class FailingStartTest : public LifecycleTest,
                         public ::testing::WithParamInterface<FailingStart> {};

TEST_P(FailingStartTest, NamesTheStageAndLeavesNothing) {
  const auto started = Start(GetParam().lines);
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().attempted, StartsWith(std::string("start: ") + GetParam().stage));
  EXPECT_GT(started.error().code, 0);
  EXPECT_EQ(StateNow(), State::kStopped);
  EXPECT_FALSE(IsRecorded());
  // What failed once does not stand in the way of what would not.
  const auto good = Start();
  EXPECT_TRUE(good) << good.error().ToString();
}

INSTANTIATE_TEST_SUITE_P(
    Stages, FailingStartTest,
    ::testing::Values(
        FailingStart{"NoRootfs", "lxc.rootfs.path = dir:/no/such/folder\n", "configuration: "},
        FailingStart{"NamespacesThatExcludeEachOther",
                     "lxc.namespace.clone = mnt\nlxc.namespace.keep = net\n", "configuration: "},
        FailingStart{"HookThatFails", "lxc.hook.pre-start = /bin/false\n", "hooks: "},
        FailingStart{"LimitThatIsNone", "lxc.cgroup.no.such.limit = 1\n", "cgroups: "},
        FailingStart{"SharedWithNobody", "lxc.namespace.share.ipc = nobody\n", "clone: "},
        FailingStart{"MountOfNothing", "lxc.mount.entry = /no/such dev none bind 0 0\n",
                     "mounts: "},
        FailingStart{"NoProgram", "lxc.init.cmd = /no/such/program\n", "exec: "}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace lxcspec::runtime
