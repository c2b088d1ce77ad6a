// SPDX-License-Identifier: Apache-2.0
//
// How the probe behaves as process 1. The kernel drops signals that an init has no handler for, so
// without these a container would only stop by force.

#ifndef LXCSPEC_CONFORMANCE_PROBES_SIGNALS_H_
#define LXCSPEC_CONFORMANCE_PROBES_SIGNALS_H_

#include <sys/types.h>

#include <string_view>

namespace lxcspec::probe {

// SIGPWR and SIGTERM end the process with exit code 0, SIGINT asks the kernel for a reboot,
// SIGCHLD reaps. SIGHUP and SIGPIPE are ignored.
void InstallSignals();

// SIGPWR, SIGTERM and SIGINT are ignored.
void IgnoreSignals();

// Default dispositions, for a child that is not an init.
void ResetSignals();

// Changes what the process does on a signal, to one of
//   reboot  ask the kernel for a reboot
//   halt    ask the kernel to power off
//   exit    end with exit code 0
//   ignore
//   count   nothing but count it (SignalsCounted)
// Returns false for another word, or a signal that has no handler.
bool SetSignal(int signal, std::string_view action);

int SignalsCounted();

// Waits until a child was reaped, and returns what waitpid(2) reported of it. To be asked once for
// each child, of which no more than 64 may have ended unasked.
int AwaitEnd(pid_t child);

}  // namespace lxcspec::probe

#endif  // LXCSPEC_CONFORMANCE_PROBES_SIGNALS_H_
