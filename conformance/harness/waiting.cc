// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/waiting.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>

#include "conformance/harness/environment.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kBetweenLooks{1};

bool Exists(pid_t pid) { return kill(pid, 0) == 0 || errno == EPERM; }

}  // namespace

Deadline::Deadline(milliseconds unscaled)
    : at_(steady_clock::now() + TestEnvironment().Scaled(unscaled)) {}

bool Deadline::Passed() const { return steady_clock::now() >= at_; }

int Deadline::LeftMs() const {
  const auto left = duration_cast<milliseconds>(at_ - steady_clock::now());
  return static_cast<int>(std::max<milliseconds::rep>(left.count(), 0));
}

Result<short> AwaitEvents(int fd, short events, milliseconds unscaled) {
  const Deadline deadline(unscaled);
  while (true) {
    pollfd entry{.fd = fd, .events = events, .revents = 0};
    const int ready = poll(&entry, 1, deadline.LeftMs());
    if (ready > 0) return entry.revents;
    if (ready == 0) return Fail(ETIMEDOUT, fmt::format("poll for events {:#x}", events));
    if (errno != EINTR) return FailErrno("poll");
  }
}

Result<short> AwaitReadable(int fd, milliseconds unscaled) {
  return AwaitEvents(fd, POLLIN, unscaled);
}

Status AwaitExit(pid_t pid, milliseconds unscaled) {
  UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (pidfd) {
    RETURN_IF_ERROR(AwaitReadable(pidfd.get(), unscaled));
    return {};
  }
  if (errno == ESRCH) return {};
  // A kernel without pidfds announces the end of a foreign process nowhere.
  const Deadline deadline(unscaled);
  while (Exists(pid)) {
    if (deadline.Passed()) return Fail(ETIMEDOUT, "wait for a process to end");
    PauseBetweenLooks();
  }
  return {};
}

void PauseBetweenLooks() { poll(nullptr, 0, static_cast<int>(kBetweenLooks.count())); }

}  // namespace lxcspec
