// SPDX-License-Identifier: Apache-2.0
//
// The extension init_pidfd: a descriptor of a container's init for a client to keep.
// spec/extensions/init_pidfd.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_INIT_PIDFD_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_INIT_PIDFD_H_

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

// The monitor's part: a descriptor to send to a client, of the process that the monitor's own is
// of. EBADF where there is none.
Result<UniqueFd> InitPidfdForClient(const UniqueFd& init);

// The client's part: the errno that a client sees of what kept the descriptor from it.
int InitPidfdError(int code);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_INIT_PIDFD_H_
