// SPDX-License-Identifier: Apache-2.0
//
// Which cgroup hierarchies a machine has and where they are mounted: legacy (v1 only), hybrid (v1
// and v2) or unified (v2 only).

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_CGROUP_LAYOUT_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_CGROUP_LAYOUT_H_

#include <string>
#include <vector>

#include "conformance/launcher/mount_table.h"

namespace lxcspec::launcher {

struct CgroupMount {
  std::string mount_point;
  bool v2 = false;
  // What mount(2) is told to get this v1 hierarchy: "cpu,cpuacct", "none,name=systemd"; empty for
  // v2.
  std::string options;
  // A further mount of a hierarchy that an earlier element has: to be mounted again, not entered
  // again.
  bool repeated = false;

  bool HasController(std::string_view name) const;
};

struct CgroupLayout {
  std::vector<CgroupMount> mounts;

  // "unified", "hybrid", "legacy", or "none" where no hierarchy is mounted.
  std::string Name() const;
};

// The cgroup mounts among `mounts`, each of which must be visible but for mounts at the same place.
CgroupLayout FindCgroups(const std::vector<Mount>& mounts);

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_CGROUP_LAYOUT_H_
