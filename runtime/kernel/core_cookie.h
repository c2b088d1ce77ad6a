// SPDX-License-Identifier: Apache-2.0
//
// Core scheduling: tasks with one cookie may share a processor core, and nobody else may with them.
// prctl(2) PR_SCHED_CORE

#ifndef LXCSPEC_RUNTIME_KERNEL_CORE_COOKIE_H_
#define LXCSPEC_RUNTIME_KERNEL_CORE_COOKIE_H_

#include <sys/types.h>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

// Whether the kernel knows cookies, and a core of this machine has several threads.
bool HasCoreCookies();

// A new cookie for the calling thread and what it starts from now on. EINVAL where the kernel knows
// none, ENODEV where no core has several threads. No allocation.
Status MakeCoreCookie();

// The cookie of that process's first thread, for the calling thread; who may look into the process
// may. Errors as above.
Status TakeCoreCookieOf(pid_t process);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_CORE_COOKIE_H_
