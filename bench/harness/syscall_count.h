// SPDX-License-Identifier: Apache-2.0

#ifndef LXCSPEC_BENCH_HARNESS_SYSCALL_COUNT_H_
#define LXCSPEC_BENCH_HARNESS_SYSCALL_COUNT_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>

#include "conformance/posix/result.h"

namespace lxcspec {

// Runs the work in a child and counts the system calls that it, and every process that comes of
// it, enter until the child ends: ptrace(2). What is left then goes on unobserved. ECANCELED where
// the work says that it failed. Nothing else may wait for children meanwhile.
Result<uint64_t> CountSyscalls(const std::function<bool()>& work);

// The same for those of another process that runs already, and none of the work's.
Result<uint64_t> CountSyscallsOf(pid_t process, const std::function<bool()>& work);

}  // namespace lxcspec

#endif  // LXCSPEC_BENCH_HARNESS_SYSCALL_COUNT_H_
