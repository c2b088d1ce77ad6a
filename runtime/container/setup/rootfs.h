// SPDX-License-Identifier: Apache-2.0
//
// The container's root file system, mounted where it is set up; and what lxc.mount.* adds to it.

#ifndef LXCSPEC_RUNTIME_CONTAINER_SETUP_ROOTFS_H_
#define LXCSPEC_RUNTIME_CONTAINER_SETUP_ROOTFS_H_

#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/container/setup/plan.h"
#include "runtime/container/setup/setup.h"

namespace lxcspec::runtime {

// Cuts this mount namespace off, so that nothing mounted in it is seen outside. What is mounted
// outside later still appears below mounts that were shared.
Status CutOffMounts();

// Mounts the root file system at its mount point and returns its root, O_PATH.
Result<UniqueFd> MountRootfs(const SetupPlan& plan, const ChildContext& context);

// Carries out the plan's mount entries in order, all below `root`. What is optional may fail.
Status MountEntries(const SetupPlan& plan, const ChildContext& context, int root);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_SETUP_ROOTFS_H_
