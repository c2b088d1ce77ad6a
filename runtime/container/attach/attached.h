// SPDX-License-Identifier: Apache-2.0
//
// What an attached process makes of itself once it is in the container's namespaces.

#ifndef LXCSPEC_RUNTIME_CONTAINER_ATTACH_ATTACHED_H_
#define LXCSPEC_RUNTIME_CONTAINER_ATTACH_ATTACHED_H_

#include <functional>
#include <optional>
#include <string>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/container/attach/attach.h"
#include "runtime/container/setup/confinement.h"
#include "runtime/kernel/capabilities.h"

namespace lxcspec::runtime {

// What was found out before the namespaces were entered.
struct AttachedPlan {
  const AttachRequest* request = nullptr;
  Confinement confinement;
  // The caller's /proc, where there are labels to take. Closed once they are.
  UniqueFd proc;
  // The caller's working folder.
  std::string caller_folder;
  std::optional<CapabilitySet> capabilities;
  std::optional<unsigned long> personality;
  bool no_new_privs = false;
  bool core_domain = false;
  // NAME=value, from the container's configuration.
  std::vector<std::string> environment;
  // Loads the seccomp filter, if there is one: as late as privileges allow.
  std::function<Status()> restrict_calls;
};

Status BecomeAttached(AttachedPlan& plan);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_ATTACH_ATTACHED_H_
