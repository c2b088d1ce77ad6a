// SPDX-License-Identifier: Apache-2.0
//
// The extension core_scheduling: a container whose processes share processor cores with nobody
// else. spec/extensions/core_scheduling.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_CORE_SCHEDULING_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_CORE_SCHEDULING_H_

#include <sys/types.h>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

// For a container's init, before it starts anything: a domain of its own. Nothing happens where no
// core has several threads.
Status MakeCoreDomain();

// For a process that will be attached to it, while it can look into the init.
Status JoinCoreDomain(pid_t init);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_CORE_SCHEDULING_H_
