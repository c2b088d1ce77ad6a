// SPDX-License-Identifier: Apache-2.0
//
// Mounts made and taken away in a running container.
//
//   caller ── fork ──> child: makes the mount (host) ─> fits it, unseen (namespace of its own)
//                             ─> finds the target, attaches it (container)
//
// Nothing is in the container before the mount is as it should be, nothing is on the host at all,
// and a child that dies leaves nothing.

#ifndef LXCSPEC_RUNTIME_CONTAINER_INJECTION_INJECTION_H_
#define LXCSPEC_RUNTIME_CONTAINER_INJECTION_INJECTION_H_

#include <sys/types.h>

#include <functional>
#include <string>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/container/injection/exchange.h"
#include "runtime/extensions/mount_injection.h"

namespace lxcspec::runtime {

// Mounts it in the container of that first process. Where mounts by descriptor are not to be had it
// goes through the exchange folder, which is asked for only then. ESRCH where the container has
// ended.
Status InjectMount(const UniqueFd& init_pidfd, pid_t init_pid, const InjectedMount& request,
                   const std::function<Result<ExchangeFolder>()>& exchange);

// umount2(2) in the container, as its root.
Status RemoveMount(const UniqueFd& init_pidfd, pid_t init_pid, const std::string& target,
                   unsigned long flags);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_INJECTION_INJECTION_H_
