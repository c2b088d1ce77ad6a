// SPDX-License-Identifier: Apache-2.0
//
// The pump from a pty into the console's ring, by itself: CPU time of the reading thread while a
// process writes. Beside it the same as it is usually written, a wait and a read of 1 KiB in turns,
// and the floor: read(2) that blocks, of as much as there is.

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <utility>

#include "runtime/base/unique_fd.h"
#include "runtime/container/console/pump.h"
#include "runtime/kernel/console_ring.h"
#include "runtime/kernel/event_loop.h"
#include "runtime/kernel/pty.h"

namespace lxcspec::runtime {
namespace {

constexpr size_t kKibi = 1024;
constexpr size_t kRing = 128 * kKibi;

// What is written, in writes of a length.
struct Output {
  const char* name;
  size_t length;
  size_t bytes;
};

constexpr Output kOutputs[] = {
    {"yes", 2, 64 * kKibi}, {"lines", 80, 1024 * kKibi}, {"bulk", 4096, 4096 * kKibi}};

double OwnSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

[[noreturn]] void WriteAll(int terminal, const Output& output) {
  const std::string piece(output.length, 'y');
  for (size_t written = 0; written < output.bytes;) {
    const ssize_t count = write(terminal, piece.data(), piece.size());
    if (count <= 0) _exit(EXIT_FAILURE);
    written += static_cast<size_t>(count);
  }
  _exit(EXIT_SUCCESS);
}

// Reads until so many bytes have come.
using Reader = std::function<void(int primary, size_t bytes)>;

void Measure(benchmark::State& state, const Output& output, const Reader& read_all, bool blocks) {
  auto pty = OpenPty();
  if (!pty || !MakeRaw(pty->peer.get()) || !SetBlocking(pty->primary.get(), blocks)) {
    return state.SkipWithError("no pty");
  }
  for ([[maybe_unused]] auto _ : state) {
    const pid_t writer = fork();
    if (writer == 0) WriteAll(pty->peer.get(), output);
    const double before = OwnSeconds();
    read_all(pty->primary.get(), output.bytes);
    state.SetIterationTime(OwnSeconds() - before);
    waitpid(writer, nullptr, 0);
  }
}

void ByPump(int primary, size_t bytes) {
  auto loop = EventLoop::Create().value();
  auto ring = ConsoleRing::Create(kRing).value();
  size_t total = 0;
  ConsolePump pump(loop, primary, ring, [&total](const RingPieces& output) {
    for (const iovec& piece : output) total += piece.iov_len;
  });
  if (!pump.Start()) abort();
  while (total < bytes && loop.RunOnce()) {
  }
}

void ByUsualLoop(int primary, size_t bytes) {
  auto ring = ConsoleRing::Create(kRing).value();
  const UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  epoll_event wanted{.events = EPOLLIN, .data = {.fd = primary}};
  if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, primary, &wanted) != 0) abort();
  std::array<char, kKibi> piece{};
  for (size_t total = 0; total < bytes;) {
    epoll_event event{};
    if (epoll_wait(epoll.get(), &event, 1, -1) < 0) continue;
    const ssize_t count = read(primary, piece.data(), piece.size());
    if (count <= 0) continue;
    ring.Write({piece.data(), static_cast<size_t>(count)});
    total += static_cast<size_t>(count);
  }
}

void ByBareReads(int primary, size_t bytes) {
  std::string memory(kRing, '\0');
  for (size_t total = 0; total < bytes;) {
    const ssize_t count = read(primary, memory.data(), memory.size());
    if (count <= 0) break;
    total += static_cast<size_t>(count);
  }
}

void Register(const Output& output, const char* role, const Reader& reader, bool blocks) {
  benchmark::RegisterBenchmark(
      fmt::format("BM_PtyPump/{}/{}", output.name, role).c_str(),
      [=](benchmark::State& state) { Measure(state, output, reader, blocks); })
      ->UseManualTime()
      ->Iterations(1)
      ->Unit(benchmark::kMicrosecond);
}

}  // namespace
}  // namespace lxcspec::runtime

int main(int argc, char** argv) {
  using namespace lxcspec::runtime;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  for (const Output& output : kOutputs) {
    Register(output, "testee", ByPump, false);
    Register(output, "against", ByUsualLoop, true);
    Register(output, "floor", ByBareReads, true);
  }
  return benchmark::RunSpecifiedBenchmarks() > 0 ? 0 : 3;
}
