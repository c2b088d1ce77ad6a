// SPDX-License-Identifier: Apache-2.0
//
// What lxc.seccomp.* asks for, made ready before anything is cloned. A container that asks for a
// filter does not start without exactly that.

#ifndef LXCSPEC_RUNTIME_CONTAINER_SECCOMP_PLAN_H_
#define LXCSPEC_RUNTIME_CONTAINER_SECCOMP_PLAN_H_

#include <string>

#include "runtime/base/result.h"
#include "runtime/config/config.h"
#include "runtime/kernel/seccomp/filter.h"

namespace lxcspec::runtime {

struct SeccompPlan {
  // Without a program: none.
  SeccompFilter filter;
  // As lxc.seccomp.notify.proxy has it; empty: nobody is asked.
  std::string proxy;
  std::string cookie;

  bool is_wanted() const { return !filter.program.empty(); }
};

// For a start by the calling thread, whose filters a container inherits. Fails with what is wrong
// with the profile and where: "lxc.seccomp.profile: /etc/x.policy: line 3: ...".
Result<SeccompPlan> PlanSeccomp(const Config& config);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_SECCOMP_PLAN_H_
