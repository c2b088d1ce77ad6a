// SPDX-License-Identifier: Apache-2.0
//
// The extension idmapped_mounts: a container's root file system with other owners than on the disk.
// spec/extensions/idmapped_mounts.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_IDMAPPED_MOUNTS_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_IDMAPPED_MOUNTS_H_

#include <string>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

// Before anything is cloned: whether idmap= of lxc.rootfs.options can be had, as far as can be seen
// by looking. EINVAL without a user namespace to take the map of.
Status CheckRootfsIdMap(const std::string& idmap, bool has_user_namespace);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_IDMAPPED_MOUNTS_H_
