// SPDX-License-Identifier: Apache-2.0
//
// The extension cgroup2_auto_mounting: the unified hierarchy, mounted for the container.
// spec/extensions/cgroup2_auto_mounting.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_CGROUP2_AUTO_MOUNTING_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_CGROUP2_AUTO_MOUNTING_H_

#include <optional>
#include <string_view>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

struct Cgroup2Mount {
  bool read_only = false;
};

// What a word of lxc.mount.auto asks for: cgroup2, cgroup2:ro, and both with :force, which is
// implied. Nothing for any other word.
std::optional<Cgroup2Mount> ParseCgroup2Word(std::string_view word);

// Mounts the unified hierarchy at the folder that the descriptor `target` is of. Its root is the
// cgroup of the caller's cgroup namespace. ENOENT where the machine has none, EINVAL where the
// container has no cgroup namespace of its own, and so would be given its host's hierarchy.
Status MountCgroup2(int target, const Cgroup2Mount& mount, bool machine_has_it, bool own_namespace);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_CGROUP2_AUTO_MOUNTING_H_
