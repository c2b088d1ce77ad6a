// SPDX-License-Identifier: Apache-2.0
//
// The extension devpts_fd: a descriptor of a running container's devpts instance.
// spec/extensions/devpts_fd.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_DEVPTS_FD_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_DEVPTS_FD_H_

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

// A descriptor for one client, in the monitor: O_PATH, of the instance's root, close-on-exec.
// EBADF where the container has no devpts of its own, and where what its init gave for one is none.
Result<UniqueFd> DevptsFdForClient(const UniqueFd& devpts);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_DEVPTS_FD_H_
