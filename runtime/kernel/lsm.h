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

// The labels of a process; empty for a module that the host does not have.
struct LsmLabels {
  std::string apparmor;
  std::string selinux;
};

// `process` is a folder of this process's /proc: a number, or `self`.
Result<LsmLabels> ReadLsmLabels(const LsmState& state, const std::string& process);

// Whether AppArmor knows a profile, as far as this process may see.
bool HasAppArmorProfile(std::string_view profile);

enum class LabelMoment { kNextExec, kNow };

// The label that the next execve(2) of this process takes, or that it takes itself. `proc` is a
// descriptor of a /proc.
Status SetAppArmorLabel(int proc, const std::string& profile, LabelMoment moment);
Status SetSelinuxContext(int proc, const std::string& context, LabelMoment moment);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_LSM_H_
