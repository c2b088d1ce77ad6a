// SPDX-License-Identifier: Apache-2.0
//
// Attaching to a container by way of its monitor.

#ifndef LXCSPEC_RUNTIME_CONTAINER_ATTACH_RUNNING_H_
#define LXCSPEC_RUNTIME_CONTAINER_ATTACH_RUNNING_H_

#include <sys/types.h>

#include "runtime/base/result.h"
#include "runtime/config/config.h"
#include "runtime/container/attach/attach.h"
#include "runtime/container/client.h"

namespace lxcspec::runtime {

// What a container runs with, as far as an attached process is concerned: a client may have another
// configuration for it by now, or none.
Result<Config> ConfigOfRunning(const Place& place, Patience patience = std::nullopt);

// As Attach(), with what the container runs with. ECONNREFUSED where it does not run.
Result<pid_t> AttachToRunning(const Place& place, AttachRequest request,
                              Patience patience = std::nullopt);

// The same on a new pty of the container, in the place of those of the request's standard
// descriptors that are terminals. Between these and the pty it passes on what is typed and shown,
// and returns when the process has ended, which is still to be waited for.
Result<pid_t> AttachOnTerminal(const Place& place, AttachRequest request,
                               Patience patience = std::nullopt);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_ATTACH_RUNNING_H_
