// SPDX-License-Identifier: Apache-2.0
//
// The ways to answer a call that waits, each beside the floor: ioctl(2) to receive, which blocks,
// and ioctl(2) to answer, with synchronous wake-up where the kernel has it. One bare process makes
// calls without end; both are on one processor. Beside them what two processes cost that wake each
// other in turns with nothing else to do, and a call that the filter allows.

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "bench/seccomp_supervision.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

// Room for structs of any kernel, which wants them zeroed to their end.
using Call = std::array<uint64_t, 64>;

seccomp_notif ReadCall(const Call& call) {
  seccomp_notif read{};
  memcpy(&read, call.data(), sizeof(read));
  return read;
}

bool Receive(int listener, Call& call) {
  do {
    call.fill(0);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, call.data()) == 0) return true;
  } while (errno == EINTR || errno == ENOENT);
  return false;
}

bool Answer(int listener, uint64_t id, uint32_t flags = 0) {
  Call sent{};
  const seccomp_notif_resp answer{.id = id, .val = flags == 0 ? 1 : 0, .error = 0, .flags = flags};
  memcpy(sent.data(), &answer, sizeof(answer));
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, sent.data()) == 0;
}

bool IsAlive(int listener, uint64_t id) {
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

UniqueFd OpenMemory(uint32_t process) {
  return UniqueFd(open(fmt::format("/proc/{}/mem", process).c_str(), O_RDONLY | O_CLOEXEC));
}

// The caller's program is mapped at the same place as this one, which it was forked from.
char pointed_at[64] = "what a path would be";

// A way to answer one call; false where it failed.
using Way = std::function<bool(int listener)>;

bool Plainly(int listener) {
  Call call;
  return Receive(listener, call) && Answer(listener, ReadCall(call).id);
}

bool AfterPoll(int listener) {
  pollfd wanted{.fd = listener, .events = POLLIN, .revents = 0};
  return poll(&wanted, 1, -1) == 1 && Plainly(listener);
}

Way AfterEpoll(int listener) {
  auto epoll = std::make_shared<UniqueFd>(epoll_create1(EPOLL_CLOEXEC));
  epoll_event wanted{.events = EPOLLIN, .data = {.fd = listener}};
  epoll_ctl(epoll->get(), EPOLL_CTL_ADD, listener, &wanted);
  return [epoll](int fd) {
    epoll_event event{};
    return epoll_wait(epoll->get(), &event, 1, -1) == 1 && Plainly(fd);
  };
}

bool LettingGoOn(int listener) {
  Call call;
  return Receive(listener, call) &&
         Answer(listener, ReadCall(call).id, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

bool AskingForTheId(int listener) {
  Call call;
  if (!Receive(listener, call)) return false;
  const uint64_t id = ReadCall(call).id;
  return IsAlive(listener, id) && Answer(listener, id);
}

// Reads a path's length of the caller's memory, and then asks whether it still is that caller.
Way Reading(const std::function<bool(uint32_t process, char* bytes, size_t size)>& read) {
  return [read](int listener) {
    Call call;
    if (!Receive(listener, call)) return false;
    const seccomp_notif said = ReadCall(call);
    std::array<char, sizeof(pointed_at)> bytes{};
    return read(said.pid, bytes.data(), bytes.size()) && IsAlive(listener, said.id) &&
           Answer(listener, said.id);
  };
}

bool ReadByVm(uint32_t process, char* bytes, size_t size) {
  const iovec local{.iov_base = bytes, .iov_len = size};
  const iovec remote{.iov_base = pointed_at, .iov_len = size};
  return process_vm_readv(static_cast<pid_t>(process), &local, 1, &remote, 1, 0) ==
         static_cast<ssize_t>(size);
}

bool ReadByFile(const UniqueFd& memory, char* bytes, size_t size) {
  return pread(memory.get(), bytes, size, reinterpret_cast<off_t>(pointed_at)) ==
         static_cast<ssize_t>(size);
}

bool ReadByOpening(uint32_t process, char* bytes, size_t size) {
  return ReadByFile(OpenMemory(process), bytes, size);
}

Way ReadingKeptMemory(pid_t process) {
  auto memory = std::make_shared<UniqueFd>(OpenMemory(static_cast<uint32_t>(process)));
  return Reading(
      [memory](uint32_t, char* bytes, size_t size) { return ReadByFile(*memory, bytes, size); });
}

void Measure(benchmark::State& state, const Callers& callers, int listener, const Way& way) {
  if (!callers.Place(true)) return state.SkipWithError("sched_setaffinity()");
  for (int i = 0; i < 100; ++i) static_cast<void>(way(listener));
  for ([[maybe_unused]] auto _ : state) {
    if (!way(listener)) return state.SkipWithError(strerror(errno));
  }
}

// A byte there and back, over a pair of sockets.
void PingPong(benchmark::State& state, const Callers& callers) {
  if (!callers.Place(true)) return state.SkipWithError("sched_setaffinity()");
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return state.SkipWithError("socketpair()");
  }
  UniqueFd here(ends[0]);
  UniqueFd there(ends[1]);
  const pid_t other = fork();
  char byte = 'x';
  if (other == 0) {
    here = UniqueFd();
    while (read(there.get(), &byte, 1) == 1 && write(there.get(), &byte, 1) == 1) {
    }
    _exit(0);
  }
  there = UniqueFd();
  for ([[maybe_unused]] auto _ : state) {
    if (write(here.get(), &byte, 1) != 1 || read(here.get(), &byte, 1) != 1) {
      state.SkipWithError("the pair of sockets");
    }
  }
  here = UniqueFd();
  waitpid(other, nullptr, 0);
}

// What makes no call wait: getuid(2) passes the bare callers' kind of filter.
void Allowed(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(syscall(SYS_getuid));
}

int Run() {
  auto callers = StartBareCallers(1);
  if (!callers) {
    fmt::print(stderr, "{}\n", callers.error().ToString());
    return 3;
  }
  const int listener = static_cast<ListenerSupervisor&>(*callers->supervisor).listener();
  const std::pair<const char*, Way> ways[] = {
      {"block", Plainly},
      {"poll", AfterPoll},
      {"epoll", AfterEpoll(listener)},
      {"continue", LettingGoOn},
      {"id_valid", AskingForTheId},
      {"kept_memory", ReadingKeptMemory(callers->processes.front())},
      {"process_vm_readv", Reading(ReadByVm)},
      {"opened_memory", Reading(ReadByOpening)},
  };
  const auto add = [](const std::string& name, std::function<void(benchmark::State&)> run) {
    benchmark::RegisterBenchmark(("BM_SeccompAnswer/" + name).c_str(), std::move(run))
        ->UseRealTime();
  };
  const auto floor = [&](auto& state) { Measure(state, *callers, listener, Plainly); };
  for (const auto& [name, way] : ways) {
    add(fmt::format("{}/testee", name),
        [&, way = way](auto& state) { Measure(state, *callers, listener, way); });
    add(fmt::format("{}/floor", name), floor);
  }
  add("sockets_alone/testee", [&](auto& state) { PingPong(state, *callers); });
  add("sockets_alone/floor", floor);
  add("allowed/testee", Allowed);
  add("allowed/floor", floor);
  return benchmark::RunSpecifiedBenchmarks() > 0 ? 0 : 3;
}

}  // namespace
}  // namespace lxcspec

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  return lxcspec::Run();
}
