// SPDX-License-Identifier: Apache-2.0
//
// Policies made at random, as text, and what they say of a call by the plain words of
// spec/extensions/seccomp_allow_deny_syntax.md: rule after rule, with no filter in between. For
// tests, on x86-64.

#ifndef LXCSPEC_RUNTIME_KERNEL_SECCOMP_POLICY_MODEL_H_
#define LXCSPEC_RUNTIME_KERNEL_SECCOMP_POLICY_MODEL_H_

#include <linux/seccomp.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace lxcspec::runtime {

using Random = std::mt19937_64;

// How programs of this machine make calls.
enum class Convention { k64Bit, k32Bit, kX32 };
inline constexpr size_t kConventions = 3;

struct ModelTest {
  uint32_t index;
  std::string comparison;
  uint64_t value;
  uint64_t mask;
};

struct ModelRule {
  // Where it is for one convention only.
  std::optional<Convention> section;
  // In the model's table of calls.
  size_t call;
  // SECCOMP_RET_*, with the errno.
  uint32_t verdict;
  std::vector<ModelTest> tests;
};

struct ModelPolicy {
  std::string text;
  uint32_t otherwise;
  bool is_first_version;
  std::vector<ModelRule> rules;
};

ModelPolicy RandomPolicy(Random& random, size_t most_rules);

// Often one that the policy has rules for, with arguments near to what these compare with.
seccomp_data RandomCall(Random& random, const ModelPolicy& policy);

// What happens to the call: SECCOMP_RET_*, with the errno.
uint32_t VerdictOf(const ModelPolicy& policy, const seccomp_data& call);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_SECCOMP_POLICY_MODEL_H_
