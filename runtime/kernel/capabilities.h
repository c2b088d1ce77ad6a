// SPDX-License-Identifier: Apache-2.0
//
// Capabilities by name, and the sets of the calling thread.

#ifndef LXCSPEC_RUNTIME_KERNEL_CAPABILITIES_H_
#define LXCSPEC_RUNTIME_KERNEL_CAPABILITIES_H_

#include <bitset>
#include <optional>
#include <string_view>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

using CapabilitySet = std::bitset<64>;

// The number of sys_admin, CAP_SYS_ADMIN or 21; nothing for what is none.
std::optional<int> CapabilityNumber(std::string_view name);

// Makes the bounding set what is also in `kept`, and takes the rest out of the inheritable and
// ambient sets, so that no execve(2) brings it back. The effective set stays.
Status LimitCapabilities(const CapabilitySet& kept);

// Takes out of the effective and permitted sets what is not in `kept`.
Status DropEffectiveCapabilities(const CapabilitySet& kept);

Status ClearAmbientCapabilities();

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_CAPABILITIES_H_
