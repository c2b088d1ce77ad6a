// SPDX-License-Identifier: Apache-2.0

#include "conformance/launcher/mount_tree.h"

#include <fcntl.h>
#include <sys/mount.h>

#include <vector>

#include "conformance/launcher/file_io.h"
#include "conformance/launcher/mount_table.h"

namespace lxcspec::launcher {

Result<UniqueFd> CloneMount(const std::string& path) {
  UniqueFd tree(open_tree(AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (!tree) return FailErrno("open_tree(" + path + ", OPEN_TREE_CLONE)");
  return tree;
}

Status AttachMount(const UniqueFd& tree, const std::string& path) {
  if (move_mount(tree.get(), "", AT_FDCWD, path.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0) {
    return FailErrno("move_mount(" + path + ")");
  }
  return {};
}

Status DetachMounts(const std::string& place) {
  ASSIGN_OR_RETURN(const std::vector<Mount> mounts, ReadMountInfo());
  for (auto mount = mounts.rbegin(); mount != mounts.rend(); ++mount) {
    // One that was within another that is gone already is no mount point any more.
    if (IsWithin(mount->mount_point, place)) umount2(mount->mount_point.c_str(), MNT_DETACH);
  }
  return {};
}

}  // namespace lxcspec::launcher
