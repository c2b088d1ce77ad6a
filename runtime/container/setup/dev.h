// SPDX-License-Identifier: Apache-2.0
//
// The container's /dev: its file system, nodes, links, ptys, ttys and console.

#ifndef LXCSPEC_RUNTIME_CONTAINER_SETUP_DEV_H_
#define LXCSPEC_RUNTIME_CONTAINER_SETUP_DEV_H_

#include "runtime/base/result.h"
#include "runtime/container/setup/plan.h"
#include "runtime/container/setup/setup.h"

namespace lxcspec::runtime {

// Mounts an empty file system on /dev, if the plan says so.
Status MountDev(const SetupPlan& plan, int root);

// Device nodes, made or, where they may not be, taken from the host; and the links that programs
// expect.
Status PopulateDev(const SetupPlan& plan, int root);

// The devpts instance, /dev/ptmx, and the ttys, opened; and the console, if it is one of them.
Result<ChildDescriptors> MountPts(const SetupPlan& plan, const ChildContext& context, int root);

// Puts the console's terminal of the host where programs look for it, and opens it anew there.
Status MountConsole(const SetupPlan& plan, const ChildContext& context, int root);

// Gives the container a boot id of its own, where it has its own /dev and /proc.
Status MountBootId(const SetupPlan& plan, int root);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_SETUP_DEV_H_
