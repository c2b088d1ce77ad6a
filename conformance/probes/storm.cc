// SPDX-License-Identifier: Apache-2.0

#include "conformance/probes/storm.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "conformance/probes/signals.h"

namespace lxcspec::probe {
namespace {

struct Shared {
  std::atomic<bool> ends = false;
  std::atomic<uint64_t> started = 0;
  std::atomic<uint64_t> returned = 0;
  std::atomic<uint64_t> wrong = 0;
  std::atomic<uint64_t> killed = 0;
};

Shared* shared = nullptr;
pid_t nursery = -1;

[[noreturn]] void Work() {
  while (!shared->ends) {
    const uint64_t number = shared->started++;
    const long result = syscall(SYS_getppid, number);
    const bool is_odd = number % 2 == 1;
    const bool is_right =
        is_odd ? result == -1 && errno == EDOM : result == static_cast<long>(number + 1);
    if (!is_right) ++shared->wrong;
    ++shared->returned;
  }
  _exit(0);
}

[[noreturn]] void KeepWorkers(long workers) {
  ResetSignals();
  while (true) {
    for (; workers > 0 && !shared->ends; --workers) {
      if (fork() == 0) Work();
    }
    int status = 0;
    if (wait(&status) < 0 && errno == ECHILD) _exit(0);
    if (WIFSIGNALED(status)) ++shared->killed;
    ++workers;
  }
}

}  // namespace

Answer StartStorm(const std::vector<std::string>& arguments) {
  const long workers = atol(arguments[0].c_str());
  void* const memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (workers < 1 || memory == MAP_FAILED) return {.error = EINVAL, .text = "storm"};
  shared = new (memory) Shared;
  nursery = fork();
  if (nursery < 0) return {.error = errno, .text = "fork"};
  if (nursery == 0) KeepWorkers(workers);
  return {.error = 0, .text = std::to_string(nursery)};
}

Answer StormCalls(const std::vector<std::string>&) {
  if (shared == nullptr) return {.error = ENOENT, .text = "no storm"};
  return {.error = 0, .text = std::to_string(shared->returned)};
}

Answer EndStorm(const std::vector<std::string>&) {
  if (shared == nullptr) return {.error = ENOENT, .text = "no storm"};
  shared->ends = true;
  AwaitEnd(nursery);
  return {.error = 0,
          .text = "started " + std::to_string(shared->started) + " returned " +
                  std::to_string(shared->returned) + " wrong " + std::to_string(shared->wrong) +
                  " killed " + std::to_string(shared->killed)};
}

}  // namespace lxcspec::probe
