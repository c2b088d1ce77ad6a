// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/core_scheduling.h"

#include <cerrno>
#include <string>

#include "runtime/kernel/core_cookie.h"

namespace lxcspec::runtime {
namespace {

Status UnlessAlone(const Status& status) {
  // core_scheduling.one_thread_a_core
  if (status || status.error().code == ENODEV) return {};
  // core_scheduling.kernel_without
  return Failure(status.error().code, "lxc.sched.core: " + status.error().attempted);
}

}  // namespace

// core_scheduling.own_domain core_scheduling.all_processes
Status MakeCoreDomain() { return UnlessAlone(MakeCoreCookie()); }

// core_scheduling.attached
Status JoinCoreDomain(pid_t init) { return UnlessAlone(TakeCoreCookieOf(init)); }

}  // namespace lxcspec::runtime
