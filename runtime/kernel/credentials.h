// SPDX-License-Identifier: Apache-2.0
//
// Who the calling process is, and what it starts its next program with.

#ifndef LXCSPEC_RUNTIME_KERNEL_CREDENTIALS_H_
#define LXCSPEC_RUNTIME_KERNEL_CREDENTIALS_H_

#include <sys/types.h>

#include <vector>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

// Becomes user and group with these supplementary groups and no others. Where the user namespace
// forbids setgroups(2), an empty list leaves them. What the kernel resets on the way, the signal at
// the parent's death and whether the process can be looked into, is as before.
Status BecomeUser(uid_t uid, gid_t gid, const std::vector<gid_t>& groups);

// A session keyring of its own. Does nothing on kernels without keyrings.
Status JoinNewSessionKeyring();

Status SetNoNewPrivileges();

Status SetPersonality(unsigned long personality);

// Every signal does what it does by default, and none is blocked.
Status ResetSignals();

// No descriptor above standard error outlives the next execve(2).
Status CloseDescriptorsOnExec();

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_CREDENTIALS_H_
