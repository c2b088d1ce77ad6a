// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/speed.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>

namespace lxcspec::launcher {
namespace {

constexpr size_t kMapped = 4 << 20;
constexpr size_t kPage = 4096;
// What a round takes on the machine that deadlines were chosen on: a two-core virtual machine of
// 2024.
constexpr double kReferenceSeconds = 0.004;

[[noreturn]] void WorkAndExecute() {
  void* memory = mmap(nullptr, kMapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) _exit(1);
  for (size_t at = 0; at < kMapped; at += kPage) static_cast<volatile char*>(memory)[at] = 1;
  munmap(memory, kMapped);
  char name[] = "launcher";
  char argument[sizeof(kCalibrationArgument)];
  std::copy_n(kCalibrationArgument, sizeof(kCalibrationArgument), argument);
  char* argv[] = {name, argument, nullptr};
  char* environment[] = {nullptr};
  execve("/proc/self/exe", argv, environment);
  _exit(1);
}

Result<double> MeasureRound() {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 3; ++i) {
    const pid_t child = fork();
    if (child < 0) return FailErrno("fork()");
    if (child == 0) WorkAndExecute();
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
      if (errno != EINTR) return FailErrno("waitpid()");
    }
    if (status != 0) return Fail(ENOEXEC, "execve(/proc/self/exe) for the calibration");
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

Result<double> MeasureSpeedFactor() {
  std::array<double, 7> rounds;
  for (double& round : rounds) {
    ASSIGN_OR_RETURN(round, MeasureRound());
  }
  std::sort(rounds.begin(), rounds.end());
  // Not the median: a neighbour's burst of work while this is measured is no property of the
  // machine.
  const double factor = rounds[1] / kReferenceSeconds;
  return std::max(1.0, std::round(factor * 10) / 10);
}

}  // namespace lxcspec::launcher
