// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/idmapped_mounts.h"

#include "runtime/kernel/idmapped_tree.h"

namespace lxcspec::runtime {

Status CheckRootfsIdMap(const std::string& idmap, bool has_user_namespace) {
  // idmapped_mounts.without_user_namespace idmapped_mounts.no_namespace
  const Status checked = CheckIdMapSource(idmap, has_user_namespace);
  if (checked) return {};
  return Failure(checked.error().code, "lxc.rootfs.options: " + checked.error().attempted);
}

}  // namespace lxcspec::runtime
