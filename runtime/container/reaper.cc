// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/reaper.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "runtime/kernel/descriptors.h"

namespace lxcspec::runtime {
namespace {

constexpr char kName[] = "lxc-init";
constexpr int kKilled = 128;

// Those that a process gets for its own mistakes are not handed on.
sigset_t HandedOn() {
  sigset_t signals;
  sigfillset(&signals);
  for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) {
    sigdelset(&signals, own);
  }
  return signals;
}

// What has ended by now. Ends this process where the command is among it.
void ReapAll(pid_t command) {
  int status = 0;
  for (pid_t ended = 0; (ended = waitpid(-1, &status, WNOHANG)) > 0;) {
    if (ended != command) continue;
    // The kernel kills what is left of a pid namespace.
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : kKilled + WTERMSIG(status));
  }
}

[[noreturn]] void Reap(pid_t command, const sigset_t& signals) {
  for (;;) {
    ReapAll(command);
    const int signal = sigwaitinfo(&signals, nullptr);
    if (signal > 0 && signal != SIGCHLD) kill(command, signal == SIGPWR ? SIGTERM : signal);
  }
}

}  // namespace

Status BecomeReaper(bool hide_memory) {
  const sigset_t signals = HandedOn();
  // Before there is a child, so that no signal is lost.
  if (sigprocmask(SIG_BLOCK, &signals, nullptr) != 0) return ErrnoFailure("sigprocmask()");
  // Where the container shares somebody's pid namespace, orphans are not this process's otherwise.
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return ErrnoFailure("prctl(PR_SET_CHILD_SUBREAPER)");
  const pid_t command = fork();
  if (command < 0) return ErrnoFailure("fork()");
  if (command == 0) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return ErrnoFailure("prctl(PR_SET_PDEATHSIG)");
    // The terminal's signals are for the command alone, which gets others by way of its parent.
    setpgid(0, 0);
    signal(SIGTTOU, SIG_IGN);
    tcsetpgrp(STDIN_FILENO, getpid());
    return {};
  }
  CloseOthers({STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO});
  prctl(PR_SET_NAME, kName);
  if (hide_memory) prctl(PR_SET_DUMPABLE, 0);
  Reap(command, signals);
}

}  // namespace lxcspec::runtime
