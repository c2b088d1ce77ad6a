// SPDX-License-Identifier: Apache-2.0
//
// Makes one container out of another: a copy, an overlay on it, or the same under a new name.

#ifndef LXCSPEC_RUNTIME_CONTAINER_STORAGE_CLONE_H_
#define LXCSPEC_RUNTIME_CONTAINER_STORAGE_CLONE_H_

#include <optional>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/container/container.h"

namespace lxcspec::runtime {

struct CopyRequest {
  // Nothing: the original's.
  std::optional<std::string> name;
  std::optional<std::string> lxcpath;
  // Leaves lxc.uts.name and the root file system's host name alone.
  bool keep_name = false;
  bool keep_hardware_addresses = false;
  // An overlay that has the original's root file system as its lower side, instead of a copy.
  bool snapshot = false;
  bool allow_running = false;
  // "dir", "overlay", or empty for the original's.
  std::string backing;
  // After the usual arguments of lxc.hook.clone.
  std::vector<std::string> hook_arguments;
};

// EEXIST where the new one is there, EBUSY where the original runs, ENOENT where it is not defined,
// ENOTSUP for a backing that is not known. A failure leaves nothing of the new one.
Result<Container> Clone(const Container& original, const CopyRequest& request);

// Moves the container's folder. EBUSY while it runs, has snapshots, or is the lower side of other
// ones' overlays; EEXIST where the new name is taken.
Status Rename(const Container& container, const std::string& name);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_STORAGE_CLONE_H_
