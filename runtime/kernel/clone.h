// SPDX-License-Identifier: Apache-2.0
//
// New processes in new or other processes' namespaces, held by a pidfd from their first moment.

#ifndef LXCSPEC_RUNTIME_KERNEL_CLONE_H_
#define LXCSPEC_RUNTIME_KERNEL_CLONE_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

struct NamespaceKind {
  std::string_view name;  // below /proc/<process>/ns
  uint64_t flag;          // CLONE_NEW*
};

// mnt pid uts ipc user net cgroup time.
std::optional<NamespaceKind> FindNamespaceKind(std::string_view name);
const std::vector<NamespaceKind>& NamespaceKinds();

struct CloneRequest {
  // CLONE_NEW* of the namespaces to make; CLONE_NEWTIME among them.
  uint64_t namespaces = 0;
  // What stands in /proc/<process>/timens_offsets of a new time namespace.
  std::string time_offsets;
  // Namespaces to join, with their kinds' flags.
  std::vector<std::pair<const UniqueFd*, uint64_t>> joined;
  // A cgroup2 to begin in; -1: the caller's.
  int cgroup = -1;
};

struct Cloned {
  // 0 in the new process.
  pid_t pid = 0;
  UniqueFd pidfd;
};

// Returns twice, as fork(2) does; only for a process with one thread. The new process is the
// caller's child. ENOSYS where the kernel cannot give a pidfd, or begin in a cgroup.
Result<Cloned> Clone(const CloneRequest& request);

// Whether a child has executed a program since it was cloned; also of one that has ended and was
// not reaped. /proc/PID/stat in proc(5), flags
Result<bool> HasExecuted(pid_t child);

// Goes on in a child, which begins in that cgroup2, or where the caller is: -1. A child is made
// much quicker than a process is moved. Returns a descriptor of the caller there; the caller ends,
// successfully. Returns in the caller only where it failed. For a process with one thread. What an
// epoll watches of a signalfd is not the child's.
Result<UniqueFd> ContinueInChild(int cgroup);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_CLONE_H_
