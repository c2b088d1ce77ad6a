// SPDX-License-Identifier: Apache-2.0
//
// The leak audit: what there is in a test's namespaces, and what there is more of afterwards.
// Processes are looked for by the stub, which waits for them.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_AUDIT_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_AUDIT_H_

#include <map>
#include <vector>

#include "conformance/launcher/cgroup_layout.h"
#include "conformance/launcher/leak.h"

namespace lxcspec::launcher {

// How often each thing is there, of the classes mount, cgroup, netdev and file.
using Snapshot = std::map<Leak, int>;

Snapshot TakeSnapshot(const CgroupLayout& layout);

// What `after` has more of than `before`, and mounts that it has no more.
std::vector<Leak> Difference(const Snapshot& before, const Snapshot& after);

// The processes of this pid namespace but for the first.
std::vector<Leak> RunningProcesses();

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_AUDIT_H_
