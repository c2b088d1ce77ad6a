// SPDX-License-Identifier: Apache-2.0
//
// Detached mounts, held by a descriptor: taken before their place is covered, attached afterwards;
// and taking away what was mounted at a place.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_MOUNT_TREE_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_MOUNT_TREE_H_

#include <string>

#include "conformance/posix/result.h"
#include "conformance/posix/unique_fd.h"

namespace lxcspec::launcher {

// A copy of the mount at `path`, showing what is below `path`; mounts within it are not copied.
Result<UniqueFd> CloneMount(const std::string& path);

Status AttachMount(const UniqueFd& tree, const std::string& path);

// Takes away every mount at or below `place`, covered ones too, so that no table of mounts names
// them.
Status DetachMounts(const std::string& place);

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_MOUNT_TREE_H_
