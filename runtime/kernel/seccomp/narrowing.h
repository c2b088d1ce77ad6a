// SPDX-License-Identifier: Apache-2.0
//
// Rules as 32-bit programs meet them.

#ifndef LXCSPEC_RUNTIME_KERNEL_SECCOMP_NARROWING_H_
#define LXCSPEC_RUNTIME_KERNEL_SECCOMP_NARROWING_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/kernel/seccomp/policy.h"

namespace lxcspec::runtime {

// The same tests for an architecture whose arguments have 32 bits; nothing where they cannot hold
// there. A negative number is the same number in 32 bits.
std::optional<std::vector<ArgumentTest>> Narrowed(const std::vector<ArgumentTest>& tests);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_SECCOMP_NARROWING_H_
