// SPDX-License-Identifier: Apache-2.0

#include "runtime/kernel/credentials.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

constexpr int kFirst = STDERR_FILENO + 1;

// Without CLOSE_RANGE_CLOEXEC, which came with Linux 5.11.
Status CloseEachOnExec() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return ErrnoFailure("getrlimit(RLIMIT_NOFILE)");
  for (int fd = kFirst; fd < static_cast<int>(limit.rlim_max); ++fd) {
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 && errno != EBADF) {
      return ErrnoFailure(fmt::format("fcntl({}, F_SETFD)", fd));
    }
  }
  return {};
}

// Those that do not what they do by default, as a mask; all of them where nobody says.
uint64_t ChangedSignals() {
  constexpr uint64_t kAll = ~uint64_t{0};
  const auto status = ReadRecord("/proc/self/status");
  if (!status) return kAll;
  uint64_t changed = 0;
  for (const std::string_view label : {"\nSigIgn:", "\nSigCgt:"}) {
    const size_t at = status->find(label);
    if (at == status->npos) return kAll;
    changed |= strtoull(status->c_str() + at + label.size(), nullptr, 16);
  }
  return changed;
}

}  // namespace

Status BecomeUser(uid_t uid, gid_t gid, const std::vector<gid_t>& groups) {
  int death_signal = 0;
  if (prctl(PR_GET_PDEATHSIG, &death_signal) != 0) return ErrnoFailure("prctl(PR_GET_PDEATHSIG)");
  const int dumpable = prctl(PR_GET_DUMPABLE);

  if (setgroups(groups.size(), groups.data()) != 0 && (errno != EPERM || !groups.empty())) {
    return ErrnoFailure(fmt::format("setgroups({} groups)", groups.size()));
  }
  if (setresgid(gid, gid, gid) != 0) return ErrnoFailure(fmt::format("setresgid({})", gid));
  if (setresuid(uid, uid, uid) != 0) return ErrnoFailure(fmt::format("setresuid({})", uid));

  if (prctl(PR_SET_PDEATHSIG, death_signal) != 0) return ErrnoFailure("prctl(PR_SET_PDEATHSIG)");
  if (dumpable == 1 && prctl(PR_SET_DUMPABLE, 1) != 0)
    return ErrnoFailure("prctl(PR_SET_DUMPABLE)");
  return {};
}

Status JoinNewSessionKeyring() {
  if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) >= 0 || errno == ENOSYS) return {};
  return ErrnoFailure("keyctl(KEYCTL_JOIN_SESSION_KEYRING)");
}

Status SetNoNewPrivileges() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return ErrnoFailure("prctl(PR_SET_NO_NEW_PRIVS)");
  return {};
}

Status SetPersonality(unsigned long wanted) {
  if (personality(wanted) < 0) return ErrnoFailure(fmt::format("personality({:#x})", wanted));
  return {};
}

Status ResetSignals() {
  // Not by signal(3), which would leave out those that the C library keeps for itself. What the
  // kernel refuses, SIGKILL and SIGSTOP, is at its default. All zero is SIG_DFL in the kernel's
  // struct sigaction, whose size differs between architectures.
  constexpr std::array<unsigned long, 8> kDefault = {};
  const uint64_t changed = ChangedSignals();
  for (int number = 1; number < NSIG; ++number) {
    if ((changed >> (number - 1) & 1) == 0) continue;
    syscall(SYS_rt_sigaction, number, kDefault.data(), nullptr, NSIG / 8);
  }
  sigset_t none;
  sigemptyset(&none);
  if (sigprocmask(SIG_SETMASK, &none, nullptr) != 0) return ErrnoFailure("sigprocmask");
  return {};
}

Status CloseDescriptorsOnExec() {
  if (syscall(SYS_close_range, kFirst, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return {};
  if (errno != EINVAL && errno != ENOSYS) return ErrnoFailure("close_range");
  return CloseEachOnExec();
}

}  // namespace lxcspec::runtime
