// SPDX-License-Identifier: Apache-2.0
//
// Whose a namespace is: ioctl_ns(2), user_namespaces(7).

#ifndef LXCSPEC_RUNTIME_KERNEL_NAMESPACE_OWNER_H_
#define LXCSPEC_RUNTIME_KERNEL_NAMESPACE_OWNER_H_

#include <sys/types.h>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

// Whether a user of the caller's user namespace has all rights in the user namespace that a
// namespace belongs to, or in one that this is below of: because he made one that is right below
// the caller's. Never so for what belongs to the caller's own, or to one above.
Result<bool> HasRightsOver(const UniqueFd& space, uid_t user);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_NAMESPACE_OWNER_H_
