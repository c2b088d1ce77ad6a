// SPDX-License-Identifier: Apache-2.0
//
// Seccomp policies as lxc.seccomp.profile names them (lxc.container.conf(5)), read into plain
// values. Nothing here knows the machine: which rules apply to it is filter.h's.
//
//   2                                     version 1: numbers, one a line
//   denylist [default action]             or allowlist; blacklist, whitelist
//   [all]                                 or an architecture
//   reject_force_umount
//   mknod errno 1 [1,8192,SCMP_CMP_MASKED_EQ,61440]

#ifndef LXCSPEC_RUNTIME_KERNEL_SECCOMP_POLICY_H_
#define LXCSPEC_RUNTIME_KERNEL_SECCOMP_POLICY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

// From the strictest on, in the order in which the kernel takes the actions of several filters.
enum class SeccompAction { kKill, kTrap, kErrno, kNotify, kAllow };

struct SeccompVerdict {
  SeccompAction action = SeccompAction::kKill;
  // Of kErrno; 0 pretends that the call succeeded.
  uint16_t number = 0;

  bool operator==(const SeccompVerdict&) const = default;
};

enum class Comparison {
  kNotEqual,
  kLess,
  kLessOrEqual,
  kEqual,
  kGreaterOrEqual,
  kGreater,
  kMaskedEqual,
};

// What an argument must be, as an unsigned number.
struct ArgumentTest {
  uint32_t index = 0;
  Comparison comparison = Comparison::kEqual;
  uint64_t value = 0;
  // Of kMaskedEqual: (argument & mask) == (value & mask).
  uint64_t mask = 0;
};

struct PolicyRule {
  // Where it stands, from 1 on.
  size_t line = 0;
  // As libseccomp names it; empty: every architecture.
  std::string architecture;
  // A name in version 2, a number in version 1.
  std::string name;
  uint32_t number = 0;
  SeccompVerdict verdict;
  // All must hold. At most one for each argument.
  std::vector<ArgumentTest> tests;
};

struct SeccompPolicy {
  // For calls without a rule.
  SeccompVerdict otherwise;
  // Version 1: numbers, of the machine's own architecture alone.
  bool by_number = false;
  std::vector<PolicyRule> rules;
};

// The words of a policy's second line.
enum class ListKind { kAllow, kDeny };
using ListWords = std::optional<ListKind> (*)(std::string_view word);

inline constexpr size_t kArgumentCount = 6;
// The kernel has one more, which libseccomp does not take.
inline constexpr uint16_t kMostErrno = 4094;
// More make no filter that a kernel takes.
inline constexpr size_t kMostRules = 4096;

// EINVAL for what is no policy, E2BIG for too many rules: "line 3: what is wrong there".
Result<SeccompPolicy> ParseSeccompPolicy(std::string_view text, ListWords list_words);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_SECCOMP_POLICY_H_
