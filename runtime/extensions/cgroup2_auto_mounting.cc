// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/cgroup2_auto_mounting.h"

#include <sys/mount.h>

#include <cerrno>

#include "runtime/kernel/mount.h"

namespace lxcspec::runtime {

std::optional<Cgroup2Mount> ParseCgroup2Word(std::string_view word) {
  // cgroup2_auto_mounting.words_taken cgroup2_auto_mounting.words_refused
  if (word == "cgroup2" || word == "cgroup2:force") return Cgroup2Mount{.read_only = false};
  if (word == "cgroup2:ro" || word == "cgroup2:ro:force") return Cgroup2Mount{.read_only = true};
  return std::nullopt;
}

Status MountCgroup2(int target, const Cgroup2Mount& mount, bool machine_has_it,
                    bool own_namespace) {
  // cgroup2_auto_mounting.no_hierarchy
  if (!machine_has_it) return Failure(ENOENT, "this host has no cgroup2 mounted");
  // cgroup2_auto_mounting.no_namespace
  if (!own_namespace) {
    return Failure(EINVAL, "cgroup2 needs a cgroup namespace of the container's own");
  }
  // cgroup2_auto_mounting.mounted cgroup2_auto_mounting.own_root
  const auto tree = NewMount({.type = "cgroup2",
                              .source = "cgroup2",
                              .flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RELATIME});
  if (!tree) return Forward(tree.error());
  TRY(AttachMount(tree->get(), target));
  // cgroup2_auto_mounting.read_only cgroup2_auto_mounting.writable
  return mount.read_only ? AddMountFlags(tree->get(), MS_RDONLY, false) : Status();
}

}  // namespace lxcspec::runtime
