// SPDX-License-Identifier: Apache-2.0
//
// Rules about system calls as a program of the kernel's, classic BPF. libseccomp's own writes some
// programs that compare with an argument other than the rule's, where several rules are about one
// call and two of its arguments; so only its names and numbers of calls are used here.

#ifndef LXCSPEC_RUNTIME_KERNEL_SECCOMP_ASSEMBLER_H_
#define LXCSPEC_RUNTIME_KERNEL_SECCOMP_ASSEMBLER_H_

#include <linux/filter.h>

#include <cstdint>
#include <span>
#include <vector>

#include "runtime/kernel/seccomp/policy.h"

namespace lxcspec::runtime {

struct CallRule {
  uint32_t number = 0;
  // All must hold.
  std::vector<ArgumentTest> tests;
  // Whether the upper halves of arguments mean nothing; tests have none then.
  bool has_32_bits = false;
  // SECCOMP_RET_*, with its data.
  uint32_t verdict = 0;
};

struct ArchitectureRules {
  // AUDIT_ARCH_*
  uint32_t architecture = 0;
  // Of one call's rules the first that holds decides.
  std::vector<CallRule> rules;
};

// `otherwise` is for calls that no rule holds for; those of other architectures kill. What a call
// costs grows with the logarithm of how many calls have rules.
std::vector<sock_filter> AssembleFilter(std::span<const ArchitectureRules> architectures,
                                        uint32_t otherwise);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_SECCOMP_ASSEMBLER_H_
