// SPDX-License-Identifier: Apache-2.0
//
// The extension cgroup_advanced_isolation: where a container's cgroups are, and one for its
// processes below the one that has the limits. spec/extensions/cgroup_advanced_isolation.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_CGROUP_ADVANCED_ISOLATION_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_CGROUP_ADVANCED_ISOLATION_H_

#include <string>

#include "runtime/base/result.h"
#include "runtime/config/config.h"

namespace lxcspec::runtime {

// Where a configuration wants cgroups, relative to where all of them begin.
struct CgroupPlacement {
  std::string monitor;
  std::string payload;
  // Below the payload, for its processes; empty: they are in the payload's own.
  std::string inner;
  // Where the monitor goes at its end; empty: back to where it was.
  std::string pivot;
  // A name that is taken gets a number.
  bool numbered = true;
  // They begin where this process is, not where process 1 is.
  bool relative = false;
};

// As lxc.cgroup.dir, lxc.cgroup.dir.* and lxc.cgroup.relative have it. EINVAL for combinations that
// mean nothing.
Result<CgroupPlacement> PlaceCgroups(const Config& config, const std::string& name);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_CGROUP_ADVANCED_ISOLATION_H_
