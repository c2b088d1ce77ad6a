// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/core_cookies.h"

#include <fmt/format.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

namespace lxcspec {
namespace {

constexpr int kSchedCore = 62;
constexpr unsigned long kGet = 0;
constexpr unsigned long kOneTask = 0;

}  // namespace

Result<uint64_t> CoreCookieOf(pid_t process) {
  uint64_t cookie = 0;
  if (prctl(kSchedCore, kGet, process, kOneTask, &cookie) != 0) {
    return FailErrno(fmt::format("prctl(PR_SCHED_CORE_GET, {})", process));
  }
  return cookie;
}

Status RefuseCoreCookies(int error) {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ, SYS_prctl, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])),
      BPF_JUMP(BPF_JMP | BPF_JEQ, kSchedCore, 0, 1),
      BPF_STMT(BPF_RET, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{.len = sizeof(filter) / sizeof(filter[0]), .filter = filter};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) return FailErrno("seccomp");
  return {};
}

}  // namespace lxcspec
