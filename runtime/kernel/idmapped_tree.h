// SPDX-License-Identifier: Apache-2.0
//
// Id-mapped mounts: what is seen through a mount belongs to other users than on the file system,
// as a user namespace's maps have it. mount_setattr(2) MOUNT_ATTR_IDMAP

#ifndef LXCSPEC_RUNTIME_KERNEL_IDMAPPED_TREE_H_
#define LXCSPEC_RUNTIME_KERNEL_IDMAPPED_TREE_H_

#include <sys/types.h>

#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

// Whether this kernel has mount_setattr(2), with which they came.
bool HasIdMappedMounts();

// Where a mount's map comes from: a path, or this word, which stands for the user namespace of a
// process.
inline constexpr std::string_view kOwnMap = "container";

// EINVAL for that word where the process has no user namespace of its own, for nothing, and for
// what is no user namespace.
Status CheckIdMapSource(const std::string& source, bool has_own);
Result<UniqueFd> OpenIdMapSource(const std::string& source, pid_t process);

// Maps a mount that is attached nowhere yet; everything mounted below it too if `recursive`. Only
// for who has its file system's rights. EINVAL where a file system cannot, ENOSYS where the kernel
// cannot: both say what to do instead. What has failed is of no use any more.
Status MapTree(int tree, int user_namespace, bool recursive);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_IDMAPPED_TREE_H_
