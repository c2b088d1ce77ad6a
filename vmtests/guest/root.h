// SPDX-License-Identifier: Apache-2.0
//
// The guest's file systems. The kernel unpacks the image into its initial rootfs, out of which
// nothing can pivot_root, so everything first moves onto a tmpfs that is an ordinary mount.

#ifndef LXCSPEC_VMTESTS_GUEST_ROOT_H_
#define LXCSPEC_VMTESTS_GUEST_ROOT_H_

#include "conformance/posix/result.h"

namespace lxcspec::guest {

// Moves what the image holds onto a tmpfs and makes that the root. Only for process 1.
Status EnterRealRoot();

// Mounts /proc, /sys, /dev and what belongs below them, with one pure cgroup2 hierarchy at
// /sys/fs/cgroup whose root hands every controller on.
Status MountSystem();

// Brings the loopback device up.
Status RaiseLoopback();

}  // namespace lxcspec::guest

#endif  // LXCSPEC_VMTESTS_GUEST_ROOT_H_
