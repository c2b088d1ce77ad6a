// SPDX-License-Identifier: Apache-2.0
//
// The extension cgroup2: limits as files of the container's cgroups, of the unified hierarchy and,
// where there are some, of those of version 1. spec/extensions/cgroup2.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_CGROUP2_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_CGROUP2_H_

#include <vector>

#include "runtime/base/result.h"
#include "runtime/config/config.h"
#include "runtime/kernel/cgroup.h"
#include "runtime/kernel/cgroup_layout.h"

namespace lxcspec::runtime {

// Writes what lxc.cgroup2.* and lxc.cgroup.* say, device rules aside, in the order in which it was
// set. Keys of a version that the layout has not are ignored. EOPNOTSUPP where no payload has a
// file, EINVAL for a name with a way in it, and what the kernel says to a value; the error names
// the key or the file.
Status ApplyLimits(const Config& config, CgroupLayout layout,
                   const std::vector<const Cgroup*>& payloads);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_CGROUP2_H_
