// SPDX-License-Identifier: Apache-2.0

#include "conformance/harness/interruption.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <iterator>

namespace lxcspec {
namespace {

// The tracer is told before such a system call does anything.
bool ReportSignals(pid_t number) {
  constexpr unsigned kFirst = offsetof(seccomp_data, args[0]);  // the low half: little-endian
  constexpr unsigned kSecond = offsetof(seccomp_data, args[1]);
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ, SYS_kill, 6, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ, SYS_tkill, 5, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ, SYS_tgkill, 4, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ, SYS_rt_sigqueueinfo, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ, SYS_pidfd_open, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ, SYS_pidfd_send_signal, 4, 0),
      BPF_STMT(BPF_RET, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kFirst),
      BPF_JUMP(BPF_JMP | BPF_JEQ, static_cast<unsigned>(number), 3, 0),
      BPF_STMT(BPF_RET, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kSecond),
      BPF_JUMP(BPF_JMP | BPF_JEQ, 0, 1, 0),  // it only asks whether it could
      BPF_STMT(BPF_RET, SECCOMP_RET_TRACE),
      BPF_STMT(BPF_RET, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{.len = std::size(filter), .filter = filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

[[noreturn]] void RunTraced(pid_t number, const std::function<void()>& body) {
  if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(1);
  raise(SIGSTOP);
  if (!ReportSignals(number)) _exit(1);
  body();
  _exit(0);
}

// Lets the stopped process go on until it is stopped again or has ended.
Result<int> Continue(pid_t pid, int signal) {
  if (ptrace(PTRACE_CONT, pid, nullptr, signal) != 0) return FailErrno("ptrace(PTRACE_CONT)");
  int status = 0;
  if (waitpid(pid, &status, 0) < 0) return FailErrno("waitpid");
  return status;
}

Result<bool> Watch(pid_t pid, const std::function<Status()>& meanwhile) {
  int status = 0;
  if (waitpid(pid, &status, 0) < 0) return FailErrno("waitpid");
  if (!WIFSTOPPED(status)) return Fail(EPROTO, "a traced client: ended at once");
  if (ptrace(PTRACE_SETOPTIONS, pid, nullptr, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL) != 0) {
    return FailErrno("ptrace(PTRACE_SETOPTIONS)");
  }
  bool interrupted = false;
  int signal = 0;
  while (true) {
    auto next = Continue(pid, signal);
    if (!next) return Propagate(next.error());
    if (WIFEXITED(*next) && WEXITSTATUS(*next) == 0) return interrupted;
    if (!WIFSTOPPED(*next)) return Fail(EPROTO, "a traced client: did not end of itself");
    const bool reported = *next >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8);
    signal = reported ? 0 : WSTOPSIG(*next);
    if (!reported || interrupted) continue;
    interrupted = true;
    if (Status done = meanwhile(); !done) return Propagate(std::move(done).error());
  }
}

}  // namespace

Result<bool> RunInterrupted(pid_t number, const std::function<void()>& body,
                            const std::function<Status()>& meanwhile) {
  const pid_t pid = fork();
  if (pid < 0) return FailErrno("fork");
  if (pid == 0) RunTraced(number, body);
  Result<bool> interrupted = Watch(pid, meanwhile);
  if (!interrupted) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  return interrupted;
}

}  // namespace lxcspec
