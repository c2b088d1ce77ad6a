// SPDX-License-Identifier: Apache-2.0
//
// What a system call costs that waits for a supervisor: in containers of two implementations, and
// beside them a bare filter, whose listener is received from and answered in one loop. The testee
// hands its listener over, or forwards to a proxy; the implementation to compare with forwards.
// Starts containers, so it is to be run in namespaces of its own (bench/README.md).

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/seccomp_supervision.h"
#include "conformance/testee/liblxc_testee.h"

namespace lxcspec {
namespace {

constexpr int kBadUsage = 2;
constexpr int kInfrastructure = 3;
constexpr int kManyCallers = 32;
constexpr std::chrono::milliseconds kThinking(100);

// One iteration is one call, from its notification to the next one's. `supervisor_ns` is what the
// monitor and the supervisor together used of a processor for it.
void Trip(benchmark::State& state, const Callers& callers, bool on_one_processor) {
  const Status placed = callers.Place(on_one_processor);
  // The first ones meet caches that others have used.
  for (int i = 0; i < 100; ++i) static_cast<void>(callers.supervisor->AnswerOne({}));
  const auto before = callers.ProcessorTime();
  for ([[maybe_unused]] auto _ : state) {
    const Status answered = callers.supervisor->AnswerOne({});
    if (!answered) return state.SkipWithError(answered.error().ToString().c_str());
  }
  state.counters["supervisor_ns"] =
      benchmark::Counter(static_cast<double>((callers.ProcessorTime() - before).count()),
                         benchmark::Counter::kAvgIterations);
  if (!placed) state.SkipWithError(placed.error().ToString().c_str());
}

// What another client waits for the container's state while a proxy thinks about each call.
void StateWhileThinking(benchmark::State& state, const Callers& callers) {
  static_cast<void>(callers.Place(false));
  std::atomic<bool> ends = false;
  std::thread proxy([&] {
    while (!ends) static_cast<void>(callers.supervisor->AnswerOne(kThinking));
  });
  for ([[maybe_unused]] auto _ : state) {
    if (callers.container->State() != "RUNNING") state.SkipWithError("the container has ended");
  }
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

  // Lives as long as this does. Nothing where it could not be started; that was said.
  const Callers* Add(Result<Callers> callers) {
    if (!callers) {
      fmt::print(stderr, "{}\n", callers.error().ToString());
      return nullptr;
    }
    all_.push_back(std::make_unique<Callers>(*std::move(callers)));
    return all_.back().get();
  }

  const Callers* Contained(Testee& testee, int count, bool with_proxy) {
    const ContainerPlace place{.probe = probe_, .folder = folder_ + "/" + std::to_string(++made_)};
    return Add(StartContainedCallers(testee, place, count, with_proxy));
  }

 private:
  std::string probe_;
  std::string folder_;
  int made_ = 0;
  std::vector<std::unique_ptr<Callers>> all_;
};

int Run(Testee& testee, Testee& against, Field& field) {
  const Callers* const floor = field.Add(StartBareCallers(1));
  const Callers* const many_floor = field.Add(StartBareCallers(kManyCallers));
  const Callers* const handed = field.Contained(testee, 1, false);
  const Callers* const proxied = field.Contained(testee, 1, true);
  const Callers* const many_handed = field.Contained(testee, kManyCallers, false);
  const Callers* const their_proxied = field.Contained(against, 1, true);
  const Callers* const their_many = field.Contained(against, kManyCallers, true);
  for (const Callers* const each :
       {floor, many_floor, handed, proxied, many_handed, their_proxied, their_many}) {
    if (each == nullptr) return kInfrastructure;
  }
  RegisterTrips("BM_SeccompNotifyHandedOver", *handed, *their_proxied, *floor);
  RegisterTrips("BM_SeccompNotifyProxied", *proxied, *their_proxied, *floor);
  RegisterTrips("BM_SeccompNotifySaturated", *many_handed, *their_many, *many_floor);
  Register("BM_SeccompNotifyState/testee",
           [=](auto& state) { StateWhileThinking(state, *proxied); });
  Register("BM_SeccompNotifyState/against",
           [=](auto& state) { StateWhileThinking(state, *their_proxied); });
  Register("BM_SeccompNotifyState/floor", [=](auto& state) { StateAlone(state, *handed); });
  return benchmark::RunSpecifiedBenchmarks() > 0 ? 0 : kInfrastructure;
}

int Main(int argc, char** argv) {
  std::string testee_path;
  std::string against_path;
  std::string probe;
  std::string folder;
  benchmark::Initialize(&argc, argv);
  CLI::App app("Times calls that wait, of two implementations in one interleaved run.");
  app.add_option("--testee", testee_path, "shared object to measure")->required();
  app.add_option("--against", against_path, "shared object to compare with")->required();
  app.add_option("--probe", probe, "the program that containers run")->required();
  app.add_option("--folder", folder, "an empty folder for the containers")->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadUsage;
  }
  const auto testee = LoadLiblxc(testee_path);
  const auto against = LoadLiblxc(against_path);
  for (const auto* loaded : {&testee, &against}) {
    if (*loaded) continue;
    fmt::print(stderr, "{}\n", loaded->error().ToString());
    return kInfrastructure;
  }
  Field field(probe, folder);
  return Run(**testee, **against, field);
}

}  // namespace
}  // namespace lxcspec

int main(int argc, char** argv) { return lxcspec::Main(argc, argv); }
