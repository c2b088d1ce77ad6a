// SPDX-License-Identifier: Apache-2.0
//
// The extension seccomp_notify_fd_active: the listener of a running container's filter, for any
// client to keep. spec/extensions/seccomp_notify_fd_active.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_SECCOMP_NOTIFY_FD_ACTIVE_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_SECCOMP_NOTIFY_FD_ACTIVE_H_

namespace lxcspec::runtime {

// The errno that a client sees of what kept the descriptor from it: ECONNREFUSED of a container
// that has stopped, EBADF of one whose filter has no listener.
int SeccompNotifyFdActiveError(int code);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_SECCOMP_NOTIFY_FD_ACTIVE_H_
