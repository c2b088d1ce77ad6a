// SPDX-License-Identifier: Apache-2.0
//
// Whether two rules can be meant by one and the same system call.

#ifndef LXCSPEC_RUNTIME_KERNEL_SECCOMP_RULE_CONFLICTS_H_
#define LXCSPEC_RUNTIME_KERNEL_SECCOMP_RULE_CONFLICTS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/kernel/seccomp/policy.h"

namespace lxcspec::runtime {

// Whether some arguments pass both. May say so where in truth none do, never the other way round.
bool CanBothHold(const std::vector<ArgumentTest>& some, const std::vector<ArgumentTest>& others);

// The same tests for an architecture whose arguments have 32 bits; nothing where they cannot hold
// there. A negative number is the same number in 32 bits.
std::optional<std::vector<ArgumentTest>> Narrowed(const std::vector<ArgumentTest>& tests);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_SECCOMP_RULE_CONFLICTS_H_
