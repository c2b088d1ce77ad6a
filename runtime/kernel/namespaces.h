// SPDX-License-Identifier: Apache-2.0
//
// The namespaces of a running process, to be entered: setns(2), namespaces(7).

#ifndef LXCSPEC_RUNTIME_KERNEL_NAMESPACES_H_
#define LXCSPEC_RUNTIME_KERNEL_NAMESPACES_H_

#include <sys/types.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

class ProcessNamespaces {
 public:
  // Those of the process in `kinds` (CLONE_NEW*) that are not the caller's own. Whoever holds the
  // pidfd names the right process by its number. ESRCH where it has ended.
  static Result<ProcessNamespaces> Open(const UniqueFd& pidfd, pid_t process, uint64_t kinds);

  // Whether one of a kind is to be entered.
  bool Has(uint64_t kind) const;

  // Enters all of them, a user namespace first. Only for a process with one thread; a new pid
  // namespace is that of its children.
  Status Enter() const;

 private:
  std::vector<std::pair<uint64_t, UniqueFd>> namespaces_;
};

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_NAMESPACES_H_
