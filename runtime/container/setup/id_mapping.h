// SPDX-License-Identifier: Apache-2.0
//
// How init has mounts id-mapped: only its monitor has the right to. Init makes a tree, which is
// attached nowhere, sends it, and waits for the answer.

#ifndef LXCSPEC_RUNTIME_CONTAINER_SETUP_ID_MAPPING_H_
#define LXCSPEC_RUNTIME_CONTAINER_SETUP_ID_MAPPING_H_

#include <sys/types.h>

#include <cstdint>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
#include "runtime/container/setup/plan.h"

namespace lxcspec::runtime {

// Whether anything of the plan is to be mapped.
bool WantsIdMappings(const SetupPlan& plan);

// Whose map it is: the root file system's, or that of an entry, by its place in the plan.
inline constexpr uint32_t kRootfsMapping = UINT32_MAX;

// In init: `monitor` is its end of a SOCK_SEQPACKET socket.
Status AskForIdMapping(const UniqueFd& monitor, uint32_t whose, const UniqueFd& tree,
                       bool recursive);

// In the monitor, when the other end can be read: answers one request, with what the plan says and
// not the request. Fails where there will be no more.
Status AnswerIdMapping(const UniqueFd& init, const SetupPlan& plan, pid_t process);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_SETUP_ID_MAPPING_H_
