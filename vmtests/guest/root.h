// SPDX-License-Identifier: Apache-2.0
//
// The guest's file systems. The kernel unpacks the image into its initial rootfs, out of which
// nothing can pivot_root, so everything first moves onto a tmpfs that is an ordinary mount.

#ifndef LXCSPEC_VMTESTS_GUEST_ROOT_H_
#define LXCSPEC_VMTESTS_GUEST_ROOT_H_

#include "conformance/posix/result.h"
#include "vmtests/guest/job.h"

namespace lxcspec::guest {

// Whether the root is the initial rootfs with this image in it. Elsewhere EnterRealRoot() would
// empty somebody's disk.
bool InInitialRootfs();

// Moves what the image holds onto a tmpfs and makes that the root.
Status EnterRealRoot();

// Mounts /proc, /sys, /dev and what belongs below them, but no cgroups.
Status MountSystem();

// Mounts the cgroup hierarchies as systemd does for this layout. A cgroup2 hierarchy with
// controllers hands all of them on; a controller that the kernel has no v1 of is left out, and
// without any the layout cannot be had.
Status MountCgroups(CgroupLayout layout);

// Brings the loopback device up.
Status RaiseLoopback();

}  // namespace lxcspec::guest

#endif  // LXCSPEC_VMTESTS_GUEST_ROOT_H_
