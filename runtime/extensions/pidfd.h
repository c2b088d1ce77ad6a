// SPDX-License-Identifier: Apache-2.0
//
// The extension pidfd: whatever is signalled or waited for is held by a descriptor from its first
// moment, so that no other process can be meant. spec/extensions/pidfd.md
//
// What it does is in kernel/pidfd.h and kernel/clone.h, which nothing goes around; here is whether
// it can be had.

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_PIDFD_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_PIDFD_H_

#include "runtime/base/result.h"

namespace lxcspec::runtime {

// ENOSYS where this kernel lacks what a container needs to be held by pidfds: no container is
// started then.
Status PidfdsCanBeHad();

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_PIDFD_H_
