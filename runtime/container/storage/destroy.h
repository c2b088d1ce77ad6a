// SPDX-License-Identifier: Apache-2.0
//
// Removes a container from the disk.

#ifndef LXCSPEC_RUNTIME_CONTAINER_STORAGE_DESTROY_H_
#define LXCSPEC_RUNTIME_CONTAINER_STORAGE_DESTROY_H_

#include <string>

#include "runtime/base/result.h"
#include "runtime/container/container.h"
#include "runtime/container/storage/child.h"

namespace lxcspec::runtime {

enum class SnapshotPolicy { kRefuse, kDestroy };

// Removes the container's folder and, unless lxc.rootfs.managed is 0, its root file system; an
// overlay's lower side only where it is in the folder. Runs lxc.hook.destroy before. ENOENT for
// one that is not defined, EBUSY for one that runs, has snapshots, or is the lower side of another
// one's overlay: nothing is changed then.
Status Destroy(const Container& container, SnapshotPolicy snapshots);

// The same except for snapshots, which stay in the folder, and without looking for them.
Status DestroyButSnapshots(const Container& container);

// Removes a tree in the namespaces that this takes.
Status RemoveAs(const ChildNamespaces& namespaces, const std::string& path);

// Removes a container's folder, its marker last.
Status RemoveContainerFolder(const ChildNamespaces& namespaces, const std::string& folder);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_STORAGE_DESTROY_H_
