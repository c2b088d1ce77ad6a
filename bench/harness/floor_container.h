// SPDX-License-Identifier: Apache-2.0
//
// The least that a kernel lets anybody do for a container: one clone3(2) with six namespaces, a
// /dev with six nodes, devpts, proc, sysfs, pivot_root(2) and execve(2). No monitor, no cgroup, no
// console.

#ifndef LXCSPEC_BENCH_HARNESS_FLOOR_CONTAINER_H_
#define LXCSPEC_BENCH_HARNESS_FLOOR_CONTAINER_H_

#include <string>

#include "conformance/posix/result.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {

// Runs `program`, a path in the root file system, and returns once it was executed: the process.
Result<UniqueFd> StartFloorContainer(const std::string& root, const std::string& program);

// Kills it and waits for its end.
Status StopFloorContainer(const UniqueFd& pidfd);

}  // namespace lxcspec

#endif  // LXCSPEC_BENCH_HARNESS_FLOOR_CONTAINER_H_
