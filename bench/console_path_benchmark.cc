// SPDX-License-Identifier: Apache-2.0
//
// What a container's console costs from end to end, through the Testee interface, by two
// implementations in one interleaved run. Needs root.
//
//   BM_ConsolePump/<output>   CPU time of the monitor while the container writes so much; the floor
//                             is a process that does nothing but read a pty
//   BM_ConsoleLogCall/1K      how long console_log() of 1 KiB takes; the floor is one message and
//                             its answer over a socket

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/harness/comparison.h"
#include "bench/harness/ground.h"
#include "bench/harness/latencies.h"
#include "conformance/posix/unique_fd.h"
#include "conformance/testee/testee.h"

namespace lxcspec {
namespace {

constexpr int kStopSeconds = 60;
constexpr size_t kKibi = 1024;
constexpr size_t kRing = 128 * kKibi;
constexpr double kSecond = 1e9;

using Clock = std::chrono::steady_clock;

// What a container writes, in writes of a length.
struct Output {
  const char* name;
  size_t length;
  size_t bytes;
};

constexpr Output kOutputs[] = {
    {"yes", 2, 128 * kKibi}, {"lines", 80, 2048 * kKibi}, {"bulk", 4096, 8192 * kKibi}};

// A running container with a console's buffer, stopped with its owner.
class Running {
 public:
  static Result<std::unique_ptr<Running>> Start(Testee& testee, const std::string& payload) {
    auto ground = Ground::Create(payload);
    if (!ground) return Propagate(std::move(ground).error());
    auto container =
        (*ground)->NewContainer(testee, {{"lxc.console.buffer.size", std::to_string(kRing)}});
    if (!container) return Propagate(std::move(container).error());
    std::unique_ptr<Running> running(new Running(*std::move(ground), *std::move(container)));
    RETURN_IF_ERROR(running->container_->Start({}));
    ASSIGN_OR_RETURN(const pid_t init, running->container_->InitPid());
    ASSIGN_OR_RETURN(running->monitor_, MonitorOf(init));
    return running;
  }
  ~Running() {
    static_cast<void>(container_->Stop());
    static_cast<void>(container_->Wait("STOPPED", kStopSeconds));
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  Status Write(size_t length, size_t bytes) const {
    return ground_->Ask(fmt::format("write {} {}", length, bytes));
  }
  Result<uint64_t> MonitorTime() const { return CpuTime(monitor_); }
  Container& container() { return *container_; }

 private:
  Running(std::unique_ptr<Ground> ground, std::unique_ptr<Container> container)
      : ground_(std::move(ground)), container_(std::move(container)) {}

  std::unique_ptr<Ground> ground_;
  std::unique_ptr<Container> container_;
  pid_t monitor_ = -1;
};

void Pump(benchmark::State& state, Running* running, const Output& output) {
  for ([[maybe_unused]] auto _ : state) {
    const auto before = running->MonitorTime();
    const auto began = Clock::now();
    const Status written = running->Write(output.length, output.bytes);
    const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
    const auto after = running->MonitorTime();
    if (!written) return state.SkipWithError(written.error().ToString().c_str());
    if (!before || !after) return state.SkipWithError("the monitor's CPU time");
    state.SetIterationTime(static_cast<double>(*after - *before) / kSecond);
    state.counters["kib_per_second"] = static_cast<double>(output.bytes) / kKibi / seconds;
  }
}

double OwnTime() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

[[noreturn]] void WriteToTerminal(int terminal, const Output& output) {
  std::string line(output.length, 'y');
  line.back() = '\n';
  for (size_t written = 0; written < output.bytes;) {
    const ssize_t count = write(terminal, line.data(), line.size());
    if (count <= 0) _exit(EXIT_FAILURE);
    written += static_cast<size_t>(count);
  }
  _exit(EXIT_SUCCESS);
}

// Blocks in read(2), and has the bytes where they stay.
void PumpFloor(benchmark::State& state, const Output& output) {
  const UniqueFd primary(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (primary.get() < 0 || grantpt(primary.get()) != 0 || unlockpt(primary.get()) != 0) {
    return state.SkipWithError("no pty");
  }
  const UniqueFd terminal(open(ptsname(primary.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  termios settings{};
  tcgetattr(terminal.get(), &settings);
  cfmakeraw(&settings);
  tcsetattr(terminal.get(), TCSANOW, &settings);
  std::vector<char> ring(kRing);
  for ([[maybe_unused]] auto _ : state) {
    const pid_t writer = fork();
    if (writer == 0) WriteToTerminal(terminal.get(), output);
    const double before = OwnTime();
    const auto began = Clock::now();
    for (size_t total = 0; total < output.bytes;) {
      const ssize_t count = read(primary.get(), ring.data(), ring.size());
      if (count <= 0) break;
      total += static_cast<size_t>(count);
    }
    state.SetIterationTime(OwnTime() - before);
    const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
    state.counters["kib_per_second"] = static_cast<double>(output.bytes) / kKibi / seconds;
    waitpid(writer, nullptr, 0);
  }
}

// Of a buffer that is filled again whenever it runs out, while no clock runs.
void LogCall(benchmark::State& state, Running* running) {
  size_t left = 0;
  Latencies latencies;
  for ([[maybe_unused]] auto _ : state) {
    if (left == 0) {
      const Status written = running->Write(kKibi, kRing);
      if (!written) return state.SkipWithError(written.error().ToString().c_str());
      left = kRing / kKibi / 2;
    }
    --left;
    const auto began = Clock::now();
    const auto reply = running->container().ConsoleLog(
        ConsoleLogRequest{.clear = false, .read = true, .read_max = kKibi});
    const auto took = Clock::now() - began;
    latencies.Add(took);
    state.SetIterationTime(std::chrono::duration<double>(took).count());
    if (!reply) return state.SkipWithError(reply.error().ToString().c_str());
    if (!reply->data || reply->data->size() != kKibi) return state.SkipWithError("not 1 KiB");
  }
  latencies.Tell(state);
}

void LogCallFloor(benchmark::State& state) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return state.SkipWithError("socketpair()");
  }
  UniqueFd mine(ends[0]);
  UniqueFd theirs(ends[1]);
  std::array<char, kKibi> bytes{};
  const pid_t answering = fork();
  if (answering == 0) {
    mine = UniqueFd();
    while (read(theirs.get(), bytes.data(), 1) == 1) {
      if (write(theirs.get(), bytes.data(), bytes.size()) < 0) break;
    }
    _exit(EXIT_SUCCESS);
  }
  theirs = UniqueFd();
  Latencies latencies;
  for ([[maybe_unused]] auto _ : state) {
    const auto began = Clock::now();
    bool done = write(mine.get(), "?", 1) == 1;
    done = done && recv(mine.get(), bytes.data(), bytes.size(), MSG_WAITALL) == kKibi;
    const auto took = Clock::now() - began;
    latencies.Add(took);
    state.SetIterationTime(std::chrono::duration<double>(took).count());
    if (!done) return state.SkipWithError("the floor's socket");
  }
  latencies.Tell(state);
  mine = UniqueFd();
  waitpid(answering, nullptr, 0);
}

template <typename Function>
void Register(const std::string& name, const std::string& role, int iterations, Function function) {
  benchmark::RegisterBenchmark((name + "/" + role).c_str(), std::move(function))
      ->UseManualTime()
      ->Iterations(iterations)
      ->Unit(benchmark::kMicrosecond);
}

constexpr int kCalls = 64;

void RegisterAll(const std::string& role, Running* running) {
  for (const Output& output : kOutputs) {
    const std::string name = fmt::format("BM_ConsolePump/{}", output.name);
    if (running == nullptr) {
      Register(name, role, 1, [=](benchmark::State& state) { PumpFloor(state, output); });
    } else {
      Register(name, role, 1, [=](benchmark::State& state) { Pump(state, running, output); });
    }
  }
  if (running == nullptr) {
    Register("BM_ConsoleLogCall/1K", role, kCalls, LogCallFloor);
  } else {
    Register("BM_ConsoleLogCall/1K", role, kCalls,
             [=](benchmark::State& state) { LogCall(state, running); });
  }
}

Status Measure(Testee& testee, Testee& against, const std::string& payload) {
  RETURN_IF_ERROR(LeaveTheMachine());
  std::vector<std::unique_ptr<Running>> running;
  for (const auto& [role, implementation] : {std::pair("testee", &testee), {"against", &against}}) {
    ASSIGN_OR_RETURN(auto started, Running::Start(*implementation, payload));
    running.push_back(std::move(started));
    RegisterAll(role, running.back().get());
  }
  RegisterAll("floor", nullptr);
  return RunRegistered();
}

}  // namespace
}  // namespace lxcspec

int main(int argc, char** argv) {
  std::string payload;
  return lxcspec::RunComparison(
      argc, argv,
      {.description = "Uses containers' consoles with two implementations.",
       .options = {{"--payload", "what containers run", &payload}},
       .measure = [&](lxcspec::Testee& testee, lxcspec::Testee& against) {
         return lxcspec::Measure(testee, against, payload);
       }});
}
