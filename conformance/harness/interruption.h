// SPDX-License-Identifier: Apache-2.0
//
// Stops a client at the moment that a race is about: where it is going to signal a process, and
// the process may have become another one meanwhile.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_INTERRUPTION_H_
#define LXCSPEC_CONFORMANCE_HARNESS_INTERRUPTION_H_

#include <sys/types.h>

#include <functional>

#include "conformance/posix/result.h"

namespace lxcspec {

// Runs the body in a process beside this one. Where that process is about to signal `number`, to
// open a pidfd of it, or to send a signal through a pidfd, it is stopped for the first time that
// this happens, `meanwhile` runs here, and it goes on. Returns whether it was stopped; fails
// where `meanwhile` did.
Result<bool> RunInterrupted(pid_t number, const std::function<void()>& body,
                            const std::function<Status()>& meanwhile);

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_INTERRUPTION_H_
