// SPDX-License-Identifier: Apache-2.0
//
// The security modules that confine programs by a label: AppArmor and SELinux.

#ifndef LXCSPEC_RUNTIME_KERNEL_LSM_H_
#define LXCSPEC_RUNTIME_KERNEL_LSM_H_

#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

// What a host has of them.
struct LsmState {
  bool apparmor = false;
  bool selinux = false;
  // AppArmor's label of this process; "unconfined" without one.
  std::string apparmor_label;
};

LsmState ReadLsmState();

// Whether AppArmor knows a profile, as far as this process may see.
bool HasAppArmorProfile(std::string_view profile);

// The label that the next execve(2) of this process takes. `proc` is a descriptor of a /proc.
Status SetAppArmorOnExec(int proc, const std::string& profile);
Status SetSelinuxOnExec(int proc, const std::string& context);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_LSM_H_
