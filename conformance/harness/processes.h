// SPDX-License-Identifier: Apache-2.0
//
// What the kernel says of processes and pidfds, without asking a testee.

#ifndef LXCSPEC_CONFORMANCE_HARNESS_PROCESSES_H_
#define LXCSPEC_CONFORMANCE_HARNESS_PROCESSES_H_

#include <sys/types.h>

#include <cstddef>
#include <initializer_list>
#include <string>
#include <vector>

#include "conformance/posix/result.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec {

inline constexpr int kNoSignal = 0;  // asks only whether a signal could be sent

Result<UniqueFd> OpenPidfd(pid_t pid);
Status SendSignal(const UniqueFd& pidfd, int signal);

// Whether the descriptor polls readable, as a pidfd does once its process has ended.
bool IsReadable(const UniqueFd& fd);

// The process that a pidfd refers to: as the kernel shows it, -1 once it was reaped. Fails with
// EINVAL for a descriptor of another kind.
Result<pid_t> ProcessOf(const UniqueFd& pidfd);

std::vector<pid_t> ChildrenOf(pid_t parent);

// The program's arguments, each with a zero byte behind it; empty where there is no such process.
std::string CommandLineOf(pid_t pid);

size_t OpenDescriptorCount();

// From now on this process, and what it starts, is refused these system calls with this errno.
Status RefuseSystemCalls(std::initializer_list<int> numbers, int error);

// From now on this process, and what it starts, cannot load filters, as on a kernel without them.
Status RefuseFilters();

// The same for filters with a listener only.
Status RefuseListeners();

// The system calls that kernels without pidfds do not have fail with ENOSYS, as there.
Status RefusePidfds();

// What asks for a new time namespace fails with EINVAL, as on a kernel without them.
Status RefuseTimeNamespaces();

// From now on this process, and what it starts, is refused with EPERM to signal by number.
Status RefuseSignalsByNumber();

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_PROCESSES_H_
