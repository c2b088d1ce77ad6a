// SPDX-License-Identifier: Apache-2.0
//
// How long a container takes to start and to stop, through the Testee interface, by two
// implementations in one interleaved run, beside the floor of bench/harness/floor_container.h; how
// many system calls a start takes, and how much memory the monitor has for itself. Needs root.

#include <benchmark/benchmark.h>
#include <sys/wait.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/harness/comparison.h"
#include "bench/harness/floor_container.h"
#include "bench/harness/floor_monitor.h"
#include "bench/harness/ground.h"
#include "bench/harness/syscall_count.h"
#include "conformance/testee/testee.h"

namespace lxcspec {
namespace {

constexpr int kStopSeconds = 60;

using Clock = std::chrono::steady_clock;

double Seconds(const std::function<Status()>& work, Status& done) {
  const auto before = Clock::now();
  done = work();
  return std::chrono::duration<double>(Clock::now() - before).count();
}

// What is started and stopped.
class Lifecycle {
 public:
  virtual ~Lifecycle() = default;
  virtual Status Start() = 0;
  virtual Status Stop() = 0;
  // Nothing where there is no monitor.
  virtual Result<PrivateMemory> MonitorMemory() { return PrivateMemory(); }
};

class OfTestee : public Lifecycle {
 public:
  explicit OfTestee(std::unique_ptr<Container> container) : container_(std::move(container)) {}

  Status Start() override { return container_->Start({}); }
  Status Stop() override {
    RETURN_IF_ERROR(container_->Stop());
    RETURN_IF_ERROR(container_->Wait("STOPPED", kStopSeconds));
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    return {};
  }
  Result<PrivateMemory> MonitorMemory() override {
    ASSIGN_OR_RETURN(const pid_t init, container_->InitPid());
    ASSIGN_OR_RETURN(const pid_t monitor, MonitorOf(init));
    return PrivateMemoryOf(monitor);
  }

 private:
  std::unique_ptr<Container> container_;
};

class OfFloor : public Lifecycle {
 public:
  explicit OfFloor(std::string root) : root_(std::move(root)) {}

  Status Start() override {
    ASSIGN_OR_RETURN(process_, StartFloorContainer(root_, "/payload"));
    return {};
  }
  Status Stop() override { return StopFloorContainer(process_.pidfd); }

 private:
  std::string root_;
  FloorProcess process_;
};

class OfMonitoredFloor : public Lifecycle {
 public:
  explicit OfMonitoredFloor(std::string root) : root_(std::move(root)) {}

  Status Start() override {
    ASSIGN_OR_RETURN(floor_, MonitoredFloor::Start(root_, "/payload"));
    return {};
  }
  Status Stop() override { return floor_->Stop(); }
  Result<PrivateMemory> MonitorMemory() override { return floor_->MonitorMemory(); }

 private:
  std::string root_;
  std::optional<MonitoredFloor> floor_;
};

// Of a client that has not run any benchmark yet: what it writes to after the fork counts as the
// monitor's own, so that every one before would show.
Result<PrivateMemory> MemoryOfFirst(Lifecycle& lifecycle) {
  RETURN_IF_ERROR(lifecycle.Start());
  auto memory = lifecycle.MonitorMemory();
  RETURN_IF_ERROR(lifecycle.Stop());
  return memory;
}

// One start and one stop an iteration, one of which is timed.
void Cycle(benchmark::State& state, Lifecycle* lifecycle, bool times_start) {
  for ([[maybe_unused]] auto _ : state) {
    Status started;
    Status stopped;
    const double start = Seconds([&] { return lifecycle->Start(); }, started);
    if (!started) return state.SkipWithError(started.error().ToString().c_str());
    const double stop = Seconds([&] { return lifecycle->Stop(); }, stopped);
    if (!stopped) return state.SkipWithError(stopped.error().ToString().c_str());
    state.SetIterationTime(times_start ? start : stop);
  }
}

// What is counted makes a start slow, so its time is none.
void CountCalls(benchmark::State& state, Lifecycle* lifecycle, bool is_floor) {
  for ([[maybe_unused]] auto _ : state) {
    // The floor's container is its starter's child, and cannot be stopped by another.
    const auto count = CountSyscalls([&] {
      return lifecycle->Start().has_value() && (!is_floor || lifecycle->Stop().has_value());
    });
    if (!count) return state.SkipWithError(count.error().ToString().c_str());
    const Status stopped = is_floor ? Status() : lifecycle->Stop();
    if (!stopped) return state.SkipWithError(stopped.error().ToString().c_str());
    state.SetIterationTime(0);
    state.counters["syscalls"] = static_cast<double>(*count);
  }
}

template <typename Function>
void Add(const std::string& name, const std::string& role, Function function) {
  benchmark::RegisterBenchmark((name + "/" + role).c_str(), std::move(function))
      ->UseManualTime()
      ->Iterations(1)
      ->Unit(benchmark::kMicrosecond);
}

// Beside a floor that has no monitor.
void Register(const std::string& role, Lifecycle* lifecycle) {
  const bool is_floor = role == "floor";
  Add("BM_Start", role, [=](benchmark::State& state) { Cycle(state, lifecycle, true); });
  Add("BM_Stop", role, [=](benchmark::State& state) { Cycle(state, lifecycle, false); });
  Add("BM_StartSyscalls", role,
      [=](benchmark::State& state) { CountCalls(state, lifecycle, is_floor); });
}

// The same beside one that has.
Status RegisterMonitored(const std::string& role, Lifecycle* lifecycle) {
  ASSIGN_OR_RETURN(const PrivateMemory memory, MemoryOfFirst(*lifecycle));
  Add("BM_StartMonitored", role, [=](benchmark::State& state) {
    Cycle(state, lifecycle, true);
    state.counters["monitor_private_kib"] = static_cast<double>(memory.clean + memory.dirty);
    state.counters["monitor_dirty_kib"] = static_cast<double>(memory.dirty);
  });
  Add("BM_StopMonitored", role, [=](benchmark::State& state) { Cycle(state, lifecycle, false); });
  return {};
}

Status Measure(Testee& testee, Testee& against, const std::string& payload) {
  RETURN_IF_ERROR(LeaveTheMachine());
  ASSIGN_OR_RETURN(const auto floor_ground, Ground::Create(payload));
  OfFloor floor(floor_ground->root());
  Register("floor", &floor);
  OfMonitoredFloor monitored(floor_ground->root());
  RETURN_IF_ERROR(RegisterMonitored("floor", &monitored));
  std::vector<std::unique_ptr<Ground>> grounds;
  // Each of them gone before what it is on.
  std::vector<std::unique_ptr<OfTestee>> lifecycles;
  for (const auto& [role, implementation] : {std::pair("testee", &testee), {"against", &against}}) {
    ASSIGN_OR_RETURN(auto ground, Ground::Create(payload));
    ASSIGN_OR_RETURN(auto container, ground->NewContainer(*implementation));
    grounds.push_back(std::move(ground));
    lifecycles.push_back(std::make_unique<OfTestee>(std::move(container)));
    Register(role, lifecycles.back().get());
    RETURN_IF_ERROR(RegisterMonitored(role, lifecycles.back().get()));
  }
  return RunRegistered();
}

}  // namespace
}  // namespace lxcspec

int main(int argc, char** argv) {
  std::string payload;
  return lxcspec::RunComparison(
      argc, argv,
      {.description = "Starts and stops containers with two implementations.",
       .options = {{"--payload", "what containers run", &payload}},
       .measure = [&](lxcspec::Testee& testee, lxcspec::Testee& against) {
         return lxcspec::Measure(testee, against, payload);
       }});
}
