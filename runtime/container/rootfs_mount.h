// SPDX-License-Identifier: Apache-2.0
//
// Where a container's root is mounted while it is set up.

#ifndef LXCSPEC_RUNTIME_CONTAINER_ROOTFS_MOUNT_H_
#define LXCSPEC_RUNTIME_CONTAINER_ROOTFS_MOUNT_H_

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/config/config.h"

namespace lxcspec::runtime {

enum class RootfsKind {
  kHost,       // no lxc.rootfs.path: the host's root
  kDirectory,  // a folder, bound
  kOverlay,    // overlay:<lower>[:<lower>...]:<upper>
};

// What lxc.rootfs.path says.
struct RootfsPath {
  RootfsKind kind = RootfsKind::kHost;
  // The folder that is bound; an overlay's upper folder.
  std::string path;
  // An overlay's lower folders, the top one first, and its work folder beside the upper one.
  std::vector<std::string> lower;
  std::string work;
};

// ENOTSUP for kinds that need a block device, EINVAL for an overlay without both its sides.
Result<RootfsPath> ParseRootfsPath(std::string_view configured);

// lxc.rootfs.mount, else the installation's folder for it, else, where that is not there, the
// root file system's own folder, which then covers itself.
std::string RootfsMountPoint(const Config& config);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_ROOTFS_MOUNT_H_
