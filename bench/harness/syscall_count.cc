// SPDX-License-Identifier: Apache-2.0

#include "bench/harness/syscall_count.h"

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <set>

#include "conformance/posix/unique_fd.h"

namespace lxcspec {
namespace {

// What the child says when its work begins: getpid(2) takes no argument and minds none.
constexpr uint64_t kBegins = 0x6c786373;

constexpr int kSyscallStop = SIGTRAP | 0x80;  // with PTRACE_O_TRACESYSGOOD

class Tracer {
 public:
  explicit Tracer(pid_t child) : child_(child) {}

  // Observes a process and what comes of it.
  static Status Begin(pid_t process) {
    constexpr long kOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                              PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
    if (ptrace(PTRACE_SEIZE, process, nullptr, kOptions) != 0) return FailErrno("PTRACE_SEIZE");
    // Only who is stopped can be told to stop at system calls.
    if (ptrace(PTRACE_INTERRUPT, process, nullptr, 0) != 0) return FailErrno("PTRACE_INTERRUPT");
    return {};
  }

  // Until the child has ended; its wait status.
  Result<int> Run() {
    for (;;) {
      int status = 0;
      const pid_t pid = waitpid(-1, &status, __WALL);
      if (pid < 0 && errno == EINTR) continue;
      if (pid < 0) return FailErrno("waitpid()");
      if (!WIFSTOPPED(status)) {
        traced_.erase(pid);
        if (pid == child_) return status;
        continue;
      }
      traced_.insert(pid);
      Resume(pid, status);
    }
  }

  // Lets go of those that are left.
  void End() {
    for (const pid_t pid : traced_) ptrace(PTRACE_INTERRUPT, pid, nullptr, 0);
    while (!traced_.empty()) {
      int status = 0;
      const pid_t pid = waitpid(-1, &status, __WALL);
      if (pid < 0 && errno == EINTR) continue;
      if (pid < 0) return;
      traced_.erase(pid);
      if (!WIFSTOPPED(status)) continue;
      const bool is_signal = status >> 16 == 0 && WSTOPSIG(status) != kSyscallStop;
      ptrace(PTRACE_DETACH, pid, nullptr, is_signal ? WSTOPSIG(status) : 0);
    }
  }

  uint64_t entered() const { return entered_; }

 private:
  void Resume(pid_t pid, int status) {
    int signal = WSTOPSIG(status);
    if (signal == kSyscallStop) {
      // At the entry and at the exit; an execve(2) from another thread is none that is made here.
      if (inside_.erase(pid) == 0) {
        inside_.insert(pid);
        ++entered_;
        // How often the child was stopped on its way there is chance.
        if (pid == child_ && IsBeginning(pid)) entered_ = 0;
      }
      signal = 0;
    } else if (status >> 16 != 0) {
      // An event, not a signal.
      signal = 0;
    }
    ptrace(PTRACE_SYSCALL, pid, nullptr, signal);
  }

  static bool IsBeginning(pid_t pid) {
    __ptrace_syscall_info call{};
    return ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(call), &call) > 0 &&
           call.op == PTRACE_SYSCALL_INFO_ENTRY && call.entry.nr == SYS_getpid &&
           call.entry.args[0] == kBegins;
  }

  pid_t child_;
  std::set<pid_t> traced_;
  std::set<pid_t> inside_;
  uint64_t entered_ = 0;
};

// `observed`: -1 for the process that does the work.
Result<uint64_t> Count(pid_t observed, const std::function<bool()>& work) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return FailErrno("pipe2()");
  UniqueFd go(ends[1]);
  const pid_t child = fork();
  if (child < 0) return FailErrno("fork()");
  if (child == 0) {
    go = UniqueFd();
    char byte = 0;
    if (read(ends[0], &byte, 1) != 0) _exit(EXIT_FAILURE);
    syscall(SYS_getpid, kBegins);
    _exit(work() ? EXIT_SUCCESS : EXIT_FAILURE);
  }
  close(ends[0]);
  Tracer tracer(child);
  if (Status begun = Tracer::Begin(observed < 0 ? child : observed); !begun) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    return Propagate(begun.error());
  }
  go = UniqueFd();
  const auto status = tracer.Run();
  tracer.End();
  if (!status) return Propagate(status.error());
  if (*status != 0) {
    errno = ECANCELED;
    return FailErrno("the work while which system calls were counted");
  }
  return tracer.entered();
}

}  // namespace

Result<uint64_t> CountSyscalls(const std::function<bool()>& work) { return Count(-1, work); }

Result<uint64_t> CountSyscallsOf(pid_t process, const std::function<bool()>& work) {
  return Count(process, work);
}

}  // namespace lxcspec
