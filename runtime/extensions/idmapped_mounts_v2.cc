// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/idmapped_mounts_v2.h"

#include <fmt/format.h>
#include <sys/mount.h>

#include <cerrno>

#include "runtime/kernel/idmapped_tree.h"

namespace lxcspec::runtime {

// idmapped_mounts_v2.binds_only
bool CanBeIdMapped(unsigned long flags) { return (flags & (MS_BIND | MS_REMOUNT)) == MS_BIND; }

Status CheckEntryIdMap(const IdMappedEntry& entry, bool has_user_namespace) {
  if (!CanBeIdMapped(entry.flags)) {
    return Failure(EINVAL,
                   fmt::format("lxc.mount.entry: {}: idmap is for bind mounts", entry.target));
  }
  // idmapped_mounts_v2.without_user_namespace idmapped_mounts_v2.no_namespace
  const Status checked = CheckIdMapSource(entry.idmap, has_user_namespace);
  if (checked) return {};
  return Failure(checked.error().code,
                 fmt::format("lxc.mount.entry: {}: {}", entry.target, checked.error().attempted));
}

}  // namespace lxcspec::runtime
