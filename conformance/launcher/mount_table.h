// SPDX-License-Identifier: Apache-2.0
//
// The mounts of a namespace as /proc/<pid>/mountinfo lists them.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_MOUNT_TABLE_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_MOUNT_TABLE_H_

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "conformance/posix/result.h"

namespace lxcspec::launcher {

struct Mount {
  dev_t device = 0;
  std::string root;         // what of the file system is mounted
  std::string mount_point;  // unescaped
  std::string fs_type;
  std::string super_options;
};

// In the kernel's order: a later mount at the same place covers an earlier one.
Result<std::vector<Mount>> ParseMountInfo(std::string_view text);

Result<std::vector<Mount>> ReadMountInfo(const std::string& path = "/proc/self/mountinfo");

// Whether the mount point leads to this mount, and not to one that covers it.
bool IsVisible(const Mount& mount);

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_MOUNT_TABLE_H_
