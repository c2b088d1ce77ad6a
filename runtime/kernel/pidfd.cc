// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/pidfd.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace lxcspec::runtime {
namespace {

// P_PIDFD of waitid(2), which some C libraries' headers lack.
constexpr auto kByPidfd = static_cast<idtype_t>(3);

constexpr int kCoreFlag = 0x80;

// A status as wait(2) packs it.
int Packed(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return (info.si_status & 0xff) << 8;
  return info.si_status | (info.si_code == CLD_DUMPED ? kCoreFlag : 0);
}

}  // namespace

bool HasPidfds() {
  const auto self = OpenPidfd(getpid());
  if (!self || !SendSignal(*self, 0)) return false;
  // One is not one's own child, which only a kernel that knows pidfds finds out.
  siginfo_t info{};
  return waitid(kByPidfd, static_cast<id_t>(self->get()), &info, WEXITED | WNOHANG) != 0 &&
         errno == ECHILD;
}

Result<UniqueFd> OpenPidfd(pid_t process) {
  UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, process, 0)));
  if (!pidfd.valid()) return ErrnoFailure(fmt::format("pidfd_open({})", process));
  return pidfd;
}

Status SendSignal(const UniqueFd& pidfd, int signal) {
  if (syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0) != 0) {
    return ErrnoFailure(fmt::format("pidfd_send_signal({})", signal));
  }
  return {};
}

bool HasEnded(const UniqueFd& pidfd) {
  pollfd entry{.fd = pidfd.get(), .events = POLLIN, .revents = 0};
  return poll(&entry, 1, 0) == 1;
}

Result<int> Reap(const UniqueFd& pidfd) {
  siginfo_t info{};
  while (waitid(kByPidfd, static_cast<id_t>(pidfd.get()), &info, WEXITED) != 0) {
    if (errno != EINTR) return ErrnoFailure("waitid(P_PIDFD)");
  }
  return Packed(info);
}

}  // namespace lxcspec::runtime
