// SPDX-License-Identifier: Apache-2.0
//
// A container's snapshots: containers snap0, snap1, ... in the folder `snaps` in its own.

#ifndef LXCSPEC_RUNTIME_CONTAINER_STORAGE_SNAPSHOTS_H_
#define LXCSPEC_RUNTIME_CONTAINER_STORAGE_SNAPSHOTS_H_

#include <optional>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/container/container.h"

namespace lxcspec::runtime {

inline constexpr char kSnapshotsFolder[] = "snaps";

// Where they are: their lxcpath.
std::string SnapshotsPath(const Container& container);

struct SnapshotInfo {
  std::string name;
  // Where its comment is, or would be.
  std::string comment_file;
  // When it was made: 2026:01:31 23:59:59, or empty where nobody wrote it down.
  std::string timestamp;
  std::string lxcpath;
};

// The number of the new snapshot. A folder is copied, an overlay's upper side too. EBUSY while the
// container runs.
Result<int> TakeSnapshot(const Container& container,
                         const std::optional<std::string>& comment_file);

// By number.
Result<std::vector<SnapshotInfo>> ListSnapshots(const Container& container);

// A copy of the snapshot as a container beside the original, which it replaces where the name is
// the original's. ENOENT where there is no such snapshot.
Status RestoreSnapshot(const Container& container, const std::string& snapshot,
                       const std::string& name);

Status DestroySnapshot(const Container& container, const std::string& snapshot);
Status DestroyAllSnapshots(const Container& container);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_STORAGE_SNAPSHOTS_H_
