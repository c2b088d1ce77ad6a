// SPDX-License-Identifier: Apache-2.0
//
// Which cgroup hierarchies there are, where they are mounted and where in them a process is:
// cgroups(7), proc(5) mountinfo.

#ifndef LXCSPEC_RUNTIME_KERNEL_CGROUP_LAYOUT_H_
#define LXCSPEC_RUNTIME_KERNEL_CGROUP_LAYOUT_H_

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

// Unified: cgroup2 alone. Hybrid: both versions. Legacy: version 1 alone.
enum class CgroupLayout { kNone, kUnified, kHybrid, kLegacy };

std::string_view Name(CgroupLayout layout);

struct CgroupHierarchy {
  // 1 or 2.
  int version = 2;
  // Of version 1 only: "memory", or "name=systemd" of a hierarchy without any.
  std::vector<std::string> controllers;
  // The folder of the process's cgroup: mount point and path in one.
  std::string folder;
};

struct CgroupHierarchies {
  CgroupLayout layout = CgroupLayout::kNone;
  std::vector<CgroupHierarchy> all;
};

// From the texts of /proc/self/mountinfo and /proc/<pid>/cgroup. A hierarchy that is not mounted,
// or mounted so that the process's cgroup cannot be seen, is left out.
CgroupHierarchies FindCgroups(std::string_view mountinfo, std::string_view membership);

// Where a process is ("self", "1") on this machine.
Result<CgroupHierarchies> CgroupsOf(const std::string& process);

// The mounts by which that is found out, for who asks about several processes.
Result<std::string> OwnMounts();
Result<CgroupHierarchies> CgroupsOf(const std::string& process, std::string_view mountinfo);

// Whether this process's cgroup can be seen in a hierarchy of version 2.
bool HasUnifiedHierarchy();

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_CGROUP_LAYOUT_H_
