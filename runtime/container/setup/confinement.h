// SPDX-License-Identifier: Apache-2.0
//
// Which labels of AppArmor and SELinux a container's init gets.

#ifndef LXCSPEC_RUNTIME_CONTAINER_SETUP_CONFINEMENT_H_
#define LXCSPEC_RUNTIME_CONTAINER_SETUP_CONFINEMENT_H_

#include <functional>
#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/config/config.h"
#include "runtime/kernel/lsm.h"

namespace lxcspec::runtime {

// Empty: as it is.
struct Confinement {
  std::string apparmor;
  std::string selinux;
};

// From lxc.apparmor.profile and lxc.selinux.context, which mean nothing on a host without these.
// Unset, the profile is the one that LXC installs, where the host has loaded it and does not
// confine this process already. So it is for a generated one, because none is generated here; but
// ENOTSUP where that is not loaded.
Result<Confinement> PlanConfinement(const Config& config, const LsmState& state,
                                    const std::function<bool(std::string_view)>& has_profile);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_SETUP_CONFINEMENT_H_
