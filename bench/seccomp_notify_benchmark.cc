// SPDX-License-Identifier: Apache-2.0
//
// What a system call costs that waits for a supervisor: in containers of two implementations, and
// beside them a bare filter, whose listener is received from and answered in one loop, or whose
// calls a process forwards that does nothing else. The testee hands its listener over, or forwards
// to a proxy; the implementation to compare with forwards. Starts containers, as root.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/harness/comparison.h"
#include "bench/harness/ground.h"
#include "bench/harness/latencies.h"
#include "bench/seccomp_forwarding.h"
#include "bench/seccomp_supervision.h"

namespace lxcspec {
namespace {

constexpr int kManyCallers = 32;
constexpr std::chrono::milliseconds kThinking(100);

// One iteration is one call, from its notification to the next one's. `supervisor_ns` is what the
// monitor and the supervisor together used of a processor for it.
void Trip(benchmark::State& state, const Callers& callers, bool on_one_processor) {
  const Status placed = callers.Place(on_one_processor);
  // The first ones meet caches that others have used.
  for (int i = 0; i < 100; ++i) static_cast<void>(callers.supervisor->AnswerOne({}));
  Latencies latencies;
  const auto before = callers.ProcessorTime();
  auto last = Latencies::Clock::now();
  for ([[maybe_unused]] auto _ : state) {
    const Status answered = callers.supervisor->AnswerOne({});
    if (!answered) return state.SkipWithError(answered.error().ToString().c_str());
    const auto now = Latencies::Clock::now();
    latencies.Add(now - std::exchange(last, now));
  }
  state.counters["supervisor_ns"] =
      benchmark::Counter(static_cast<double>((callers.ProcessorTime() - before).count()),
                         benchmark::Counter::kAvgIterations);
  latencies.Tell(state);
  if (!placed) state.SkipWithError(placed.error().ToString().c_str());
}

// What another client waits for the container's state while a proxy thinks about each call.
void StateWhileThinking(benchmark::State& state, const Callers& callers) {
  static_cast<void>(callers.Place(false));
  std::atomic<bool> ends = false;
  std::thread proxy([&] {
    while (!ends) static_cast<void>(callers.supervisor->AnswerOne(kThinking));
  });
  Latencies latencies;
  for ([[maybe_unused]] auto _ : state) {
    const auto began = Latencies::Clock::now();
    if (callers.container->State() != "RUNNING") state.SkipWithError("the container has ended");
    latencies.Add(Latencies::Clock::now() - began);
  }
  latencies.Tell(state);
  ends = true;
  proxy.join();
}

void StateAlone(benchmark::State& state, const Callers& callers) {
  static_cast<void>(callers.Place(false));
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(callers.container->State());
}

void Register(const std::string& name, std::function<void(benchmark::State&)> run) {
  benchmark::RegisterBenchmark(name.c_str(), std::move(run))->UseRealTime();
}

void RegisterTrips(const std::string& name, const Callers& testee, const Callers& against,
                   const Callers& floor) {
  for (const bool on_one : {true, false}) {
    const std::string place = name + (on_one ? "/one_processor" : "/free");
    for (const auto& [role, callers] :
         {std::pair("testee", &testee), std::pair("against", &against),
          std::pair("floor", &floor)}) {
      Register(fmt::format("{}/{}", place, role),
               [callers = callers, on_one](auto& state) { Trip(state, *callers, on_one); });
    }
  }
}

class Field {
 public:
  Field(std::string probe, std::string folder)
      : probe_(std::move(probe)), folder_(std::move(folder)) {}

  // Lives as long as this does.
  const Callers& Add(Callers callers) {
    return *all_.emplace_back(std::make_unique<Callers>(std::move(callers)));
  }

  Result<Callers> Contained(Testee& testee, int count, bool with_proxy) {
    const ContainerPlace place{.probe = probe_, .folder = folder_ + "/" + std::to_string(++made_)};
    return StartContainedCallers(testee, place, count, with_proxy);
  }

  Result<Callers> Forwarded() { return StartForwardedCaller(folder_ + "/proxy"); }

 private:
  std::string probe_;
  std::string folder_;
  int made_ = 0;
  std::vector<std::unique_ptr<Callers>> all_;
};

Status Measure(Testee& testee, Testee& against, Field field) {
  RETURN_IF_ERROR(LeaveTheMachine());
  ASSIGN_OR_RETURN(auto bare, StartBareCallers(1));
  ASSIGN_OR_RETURN(auto forwarded, field.Forwarded());
  ASSIGN_OR_RETURN(auto many_bare, StartBareCallers(kManyCallers));
  ASSIGN_OR_RETURN(auto handed_over, field.Contained(testee, 1, false));
  ASSIGN_OR_RETURN(auto by_proxy, field.Contained(testee, 1, true));
  ASSIGN_OR_RETURN(auto many_handed_over, field.Contained(testee, kManyCallers, false));
  ASSIGN_OR_RETURN(auto theirs, field.Contained(against, 1, true));
  ASSIGN_OR_RETURN(auto many_theirs, field.Contained(against, kManyCallers, true));
  const Callers& floor = field.Add(std::move(bare));
  const Callers& handed = field.Add(std::move(handed_over));
  const Callers& proxied = field.Add(std::move(by_proxy));
  const Callers& their_proxied = field.Add(std::move(theirs));
  RegisterTrips("BM_SeccompNotifyHandedOver", handed, their_proxied, floor);
  RegisterTrips("BM_SeccompNotifyProxied", proxied, their_proxied, field.Add(std::move(forwarded)));
  RegisterTrips("BM_SeccompNotifySaturated", field.Add(std::move(many_handed_over)),
                field.Add(std::move(many_theirs)), field.Add(std::move(many_bare)));
  Register("BM_SeccompNotifyState/testee",
           [&](auto& state) { StateWhileThinking(state, proxied); });
  Register("BM_SeccompNotifyState/against",
           [&](auto& state) { StateWhileThinking(state, their_proxied); });
  Register("BM_SeccompNotifyState/floor", [&](auto& state) { StateAlone(state, handed); });
  return RunRegistered();
}

}  // namespace
}  // namespace lxcspec

int main(int argc, char** argv) {
  std::string probe;
  std::string folder;
  return lxcspec::RunComparison(
      argc, argv,
      {.description = "Times calls that wait for a supervisor, of two implementations.",
       .options = {{"--probe", "the program that containers run", &probe},
                   {"--folder", "an empty folder for the containers", &folder}},
       .measure = [&](lxcspec::Testee& testee, lxcspec::Testee& against) {
         return lxcspec::Measure(testee, against, {probe, folder});
       }});
}
