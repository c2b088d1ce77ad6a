// SPDX-License-Identifier: Apache-2.0
//
// Which labels of AppArmor and SELinux a container's init gets, and a process that is attached to
// it.

#ifndef LXCSPEC_RUNTIME_CONTAINER_SETUP_CONFINEMENT_H_
#define LXCSPEC_RUNTIME_CONTAINER_SETUP_CONFINEMENT_H_

#include <functional>
#include <optional>
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

// For a process that is attached to an init of these labels, by one that has its `own`: the same,
// or the one that was asked for instead of that of the first module that the host has. What it has
// already stays as it is.
Confinement PlanAttachedConfinement(const LsmState& state, const LsmLabels& own,
                                    const LsmLabels& of_init,
                                    const std::optional<std::string>& asked);

// Sets this process's labels. `proc` is a descriptor of a /proc in which it can be seen.
Status Confine(const Confinement& confinement, int proc, LabelMoment moment);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_SETUP_CONFINEMENT_H_
