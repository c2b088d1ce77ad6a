// SPDX-License-Identifier: Apache-2.0
//
// Mounts by descriptor: open_tree(2), fsopen(2), fsmount(2), move_mount(2), mount_setattr(2). No
// path of a target is ever resolved twice.

#ifndef LXCSPEC_RUNTIME_KERNEL_MOUNT_H_
#define LXCSPEC_RUNTIME_KERNEL_MOUNT_H_

#include <string>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

struct FilesystemRequest {
  std::string type;
  std::string source;
  // MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_NOATIME, MS_NODIRATIME, MS_STRICTATIME,
  // MS_SYNCHRONOUS, MS_DIRSYNC, MS_LAZYTIME, MS_MANDLOCK.
  unsigned long flags = 0;
  // The file system's own options, with commas between; `\,` is a comma within one.
  std::string data;
};

// A new mount of a file system, attached nowhere. The error has what the file system says.
Result<UniqueFd> NewMount(const FilesystemRequest& request);

// A copy of the mount at a path, attached nowhere; with everything mounted below it if
// `recursive`. An empty path means `folder` itself.
Result<UniqueFd> CloneTree(int folder, const std::string& path, bool recursive);

// Puts a mount over what `target` refers to. `mount` stays a descriptor of its root.
Status AttachMount(int mount, int target);

// Adds those of MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_NOATIME, MS_NODIRATIME,
// MS_STRICTATIME and MS_RELATIME that are given to an attached mount, and to those below it if
// `recursive`. Others stay as they are, because a user namespace may not take them away.
Status AddMountFlags(int mount, unsigned long flags, bool recursive);

// MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE, with MS_REC for what is below too.
Status SetPropagation(int mount, unsigned long propagation);

// Changes a file system that is mounted, as `mount -o remount` does.
Status Remount(int mount, unsigned long flags, const std::string& data);

// The same for the root of a mount that a path leads to.
Status SetPropagation(const std::string& path, unsigned long propagation);

// Whether this process may use these system calls, which came with Linux 5.2, at all.
bool HasMountsByDescriptor();

// A mount namespace of this process's own, which receives what is mounted outside and gives
// nothing back.
Status EnterPrivateMounts();

// Makes an attached mount the root of this mount namespace and forgets the old one. The working
// folder is the new root afterwards.
Status PivotRoot(int new_root);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_MOUNT_H_
