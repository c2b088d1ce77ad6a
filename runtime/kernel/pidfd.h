// SPDX-License-Identifier: Apache-2.0
//
// Processes by descriptor: a number may be another process's a moment later, a pidfd never is.

#ifndef LXCSPEC_RUNTIME_KERNEL_PIDFD_H_
#define LXCSPEC_RUNTIME_KERNEL_PIDFD_H_

#include <sys/types.h>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

// Whether this kernel opens pidfds, signals by them, and waits by them. Found out by doing it.
bool HasPidfds();

// Only of a process that cannot be reaped meanwhile: oneself, or one's own child.
Result<UniqueFd> OpenPidfd(pid_t process);

// ESRCH where the process has ended. Signal 0 only asks.
Status SendSignal(const UniqueFd& pidfd, int signal);

// Whether the process has ended; it may still be a zombie.
bool HasEnded(const UniqueFd& pidfd);

// Waits for a child's end, reaps it, and returns its status as wait(2) has it.
Result<int> Reap(const UniqueFd& pidfd);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_PIDFD_H_
