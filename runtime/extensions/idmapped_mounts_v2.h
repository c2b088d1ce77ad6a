// SPDX-License-Identifier: Apache-2.0
//
// The extension idmapped_mounts_v2: mount entries with other owners than where they come from.
// spec/extensions/idmapped_mounts_v2.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_IDMAPPED_MOUNTS_V2_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_IDMAPPED_MOUNTS_V2_H_

#include <string>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

// What of a mount entry matters here.
struct IdMappedEntry {
  std::string target;
  // The value of its option idmap.
  std::string idmap;
  // MS_* of mount(2).
  unsigned long flags = 0;
};

// Only bind mounts can, when they are made.
bool CanBeIdMapped(unsigned long flags);

// Before anything is cloned: whether the entry can be had, as far as can be seen by looking. EINVAL
// for what is no bind mount, and without a user namespace to take the map of.
Status CheckEntryIdMap(const IdMappedEntry& entry, bool has_user_namespace);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_IDMAPPED_MOUNTS_V2_H_
