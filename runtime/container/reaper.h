// SPDX-License-Identifier: Apache-2.0
//
// The first process of a container whose command is no init: lxc-execute(1), lxc-init(8).

#ifndef LXCSPEC_RUNTIME_CONTAINER_REAPER_H_
#define LXCSPEC_RUNTIME_CONTAINER_REAPER_H_

#include "runtime/base/result.h"

namespace lxcspec::runtime {

// Forks, and returns in the child, which is to become the command. This process keeps descriptors
// 0 to 2, hands every signal on to the child (SIGPWR, by which containers are told to halt, as
// SIGTERM), reaps whatever ends, and ends as the child does: with its exit status, or 128 and the
// signal's number. It executes nothing, so its memory is its starter's; `hide_memory` keeps
// processes without rights outside of the container from looking into it.
Status BecomeReaper(bool hide_memory);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_REAPER_H_
