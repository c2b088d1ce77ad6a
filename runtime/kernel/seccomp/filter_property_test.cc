// SPDX-License-Identifier: Apache-2.0
//
// For any policy, the filter that is made of it says of a call what the policy says.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>

#include "runtime/kernel/seccomp/classic_bpf.h"
#include "runtime/kernel/seccomp/filter.h"
#include "runtime/kernel/seccomp/policy.h"
#include "runtime/kernel/seccomp/policy_model.h"

// filter_property_long_test has more.
#ifndef LXCSPEC_POLICIES
#define LXCSPEC_POLICIES 10'000
#endif

namespace lxcspec::runtime {
namespace {

constexpr uint64_t kPolicies = LXCSPEC_POLICIES;
constexpr int kCallsEach = 100;

std::optional<ListKind> Words(std::string_view word) {
  if (word == "allowlist" || word == "whitelist") return ListKind::kAllow;
  if (word == "denylist" || word == "blacklist") return ListKind::kDeny;
  return std::nullopt;
}

std::string Shown(const seccomp_data& call) {
  std::string shown = fmt::format("arch {:#x} call {}", call.arch, call.nr);
  for (const uint64_t argument : call.args) shown += fmt::format(" {:#x}", argument);
  return shown;
}

TEST(SeccompFilterPropertyTest, FiltersSayOfEachCallWhatTheirPoliciesSay) {
  std::map<uint32_t, uint64_t> seen;
  for (uint64_t seed = 0; seed < kPolicies; ++seed) {
    Random random(seed);
    // Few rules meet more of each other's calls, many make programs with long jumps.
    const ModelPolicy model = RandomPolicy(random, seed % 50 == 0 ? 150 : 8);
    const auto policy = ParseSeccompPolicy(model.text, Words);
    ASSERT_TRUE(policy) << policy.error().ToString() << "\n" << model.text;
    const auto filter = CompileSeccompPolicy(*policy);
    ASSERT_TRUE(filter) << filter.error().ToString() << "\n" << model.text;
    for (int i = 0; i < kCallsEach; ++i) {
      const seccomp_data call = RandomCall(random, model);
      const auto verdict = RunClassicBpf(filter->program, call);
      ASSERT_TRUE(verdict) << verdict.error().ToString() << "\n" << model.text;
      ASSERT_EQ(*verdict, VerdictOf(model, call)) << "seed " << seed << ", " << Shown(call) << "\n"
                                                  << model.text;
      if (*verdict != model.otherwise) ++seen[*verdict];
    }
  }
  // Each action by rules of its own: otherwise the model and the filters agreed on nothing much.
  for (const uint32_t verdict :
       {SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP, SECCOMP_RET_USER_NOTIF, SECCOMP_RET_ALLOW,
        SECCOMP_RET_ERRNO | 0U, SECCOMP_RET_ERRNO | 13U, SECCOMP_RET_ERRNO | 4094U}) {
    EXPECT_GT(seen[verdict], kPolicies / 10) << fmt::format("{:#x}", verdict);
  }
}

}  // namespace
}  // namespace lxcspec::runtime
