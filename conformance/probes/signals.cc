// SPDX-License-Identifier: Apache-2.0

#include "conformance/probes/signals.h"

#include <linux/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <initializer_list>
#include <iterator>

namespace lxcspec::probe {
namespace {

void End(int) { _exit(0); }

volatile std::sig_atomic_t counted = 0;

void Count(int) { counted = counted + 1; }

void AskKernel(unsigned command) {
  syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, command, nullptr);
  // Outside a pid namespace of its own, or without the capability, ending is the nearest to it.
  _exit(1);
}

void Reboot(int) { AskKernel(LINUX_REBOOT_CMD_RESTART); }

void Halt(int) { AskKernel(LINUX_REBOOT_CMD_POWER_OFF); }

// How the last children ended.
struct Ended {
  pid_t pid;
  int status;
};
Ended ended[64];
size_t next_ended = 0;

void Reap(int) {
  const int saved = errno;
  int status = 0;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    ended[next_ended++ % std::size(ended)] = {.pid = pid, .status = status};
  }
  errno = saved;
}

bool Handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART | SA_NOCLDSTOP;
  return sigaction(signal, &action, nullptr) == 0;
}

struct Action {
  std::string_view name;
  void (*handler)(int);
};

const Action kActions[] = {
    {"reboot", Reboot}, {"halt", Halt}, {"exit", End}, {"ignore", SIG_IGN}, {"count", Count},
};

}  // namespace

void InstallSignals() {
  Handle(SIGPWR, End);
  Handle(SIGTERM, End);
  Handle(SIGINT, Reboot);
  Handle(SIGCHLD, Reap);
  Handle(SIGHUP, SIG_IGN);
  Handle(SIGPIPE, SIG_IGN);
  // Whoever started the probe may have had them blocked.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void IgnoreSignals() {
  for (const int signal : {SIGPWR, SIGTERM, SIGINT}) Handle(signal, SIG_IGN);
}

void ResetSignals() {
  for (const int signal : {SIGPWR, SIGTERM, SIGINT, SIGCHLD, SIGHUP, SIGPIPE}) {
    Handle(signal, SIG_DFL);
  }
}

bool SetSignal(int signal, std::string_view action) {
  for (const Action& known : kActions) {
    if (known.name == action) return Handle(signal, known.handler);
  }
  return false;
}

int SignalsCounted() { return counted; }

int AwaitEnd(pid_t child) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGCHLD);
  sigprocmask(SIG_BLOCK, &blocked, &before);
  int status = -1;
  while (status == -1) {
    for (Ended& each : ended) {
      if (each.pid != child) continue;
      status = each.status;
      each.pid = 0;
    }
    if (status == -1) sigsuspend(&before);
  }
  sigprocmask(SIG_SETMASK, &before, nullptr);
  return status;
}

}  // namespace lxcspec::probe
