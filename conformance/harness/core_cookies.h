// SPDX-License-Identifier: Apache-2.0
//
// Core scheduling as the kernel has it: prctl(2) PR_SCHED_CORE.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_CORE_COOKIES_H_
#define LXCSPEC_CONFORMANCE_HARNESS_CORE_COOKIES_H_

#include <sys/types.h>

#include <cstdint>

#include "conformance/posix/result.h"

namespace lxcspec {

// The cookie of a process's first task; 0: none.
Result<uint64_t> CoreCookieOf(pid_t process);

// From now on this process, and what it starts, fails with this errno where it uses cookies: EINVAL
// as on a kernel without them, ENODEV as on a machine with one thread a core.
Status RefuseCoreCookies(int error);

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_CORE_COOKIES_H_
