// SPDX-License-Identifier: Apache-2.0
//
// The least that a kernel lets anybody do for a container: one clone3(2) with six namespaces, a
// /dev with six nodes, devpts, proc, sysfs, pivot_root(2) and execve(2). No monitor, no cgroup, no
// console.

#ifndef LXCSPEC_BENCH_HARNESS_FLOOR_CONTAINER_H_
#define LXCSPEC_BENCH_HARNESS_FLOOR_CONTAINER_H_

#include <sys/types.h>

#include <functional>
#include <string>

#include "conformance/posix/result.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {

// Where its process begins.
struct FloorPlace {
  // A folder of cgroup version 2, for CLONE_INTO_CGROUP; -1 for the caller's.
  int group = -1;
  // What the process does before all else; false where it failed.
  std::function<bool()> enter;
};

struct FloorProcess {
  UniqueFd pidfd;
  pid_t pid = -1;
};

// Runs `program`, a path in the root file system, and returns once it was executed.
Result<FloorProcess> StartFloorContainer(const std::string& root, const std::string& program,
                                         const FloorPlace& place = {});

// Kills it and waits for its end.
Status StopFloorContainer(const UniqueFd& pidfd);

}  // namespace lxcspec

#endif  // LXCSPEC_BENCH_HARNESS_FLOOR_CONTAINER_H_
