// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/seccomp_allow_nesting.h"

#include <cerrno>

namespace lxcspec::runtime {

Status MayLoadProfile(bool is_filtered, bool is_nesting_allowed) {
  if (!is_filtered || is_nesting_allowed) return {};
  return Failure(EPERM,
                 "a seccomp filter is loaded already: lxc.seccomp.allow_nesting = 1 puts the "
                 "container's on top of it");
}

}  // namespace lxcspec::runtime
