// SPDX-License-Identifier: Apache-2.0
//
// The guest's file systems. The kernel unpacks the image into its initial rootfs, out of which
// nothing can pivot_root, so everything first moves onto a tmpfs that is an ordinary mount.

#ifndef LXCSPEC_VMTESTS_GUEST_ROOT_H_
#define LXCSPEC_VMTESTS_GUEST_ROOT_H_

#include "conformance/posix/result.h"

namespace lxcspec::guest {

// Whether the root is the initial rootfs with this image in it. Elsewhere EnterRealRoot() would
// empty somebody's disk.
bool InInitialRootfs();

// Moves what the image holds onto a tmpfs and makes that the root.
Status EnterRealRoot();

// Mounts /proc, /sys, /dev and what belongs below them, with one pure cgroup2 hierarchy at
// /sys/fs/cgroup whose root hands every controller on.
Status MountSystem();

// Brings the loopback device up.
Status RaiseLoopback();

}  // namespace lxcspec::guest

#endif  // LXCSPEC_VMTESTS_GUEST_ROOT_H_
