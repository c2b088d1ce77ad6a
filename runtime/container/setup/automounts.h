// SPDX-License-Identifier: Apache-2.0
//
// Carries out lxc.mount.auto: /proc and /sys.

#ifndef LXCSPEC_RUNTIME_CONTAINER_SETUP_AUTOMOUNTS_H_
#define LXCSPEC_RUNTIME_CONTAINER_SETUP_AUTOMOUNTS_H_

#include "runtime/base/result.h"
#include "runtime/container/setup/plan.h"

namespace lxcspec::runtime {

// Mounts what is asked for below `root`.
Status MountProcAndSys(const SetupPlan& plan, int root);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_SETUP_AUTOMOUNTS_H_
