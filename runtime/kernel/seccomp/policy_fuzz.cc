// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes policies: any bytes are refused with the line where they are wrong, or become a program
// that a kernel takes, and that says of every call one of the verdicts that the policy has.

#include <linux/audit.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "runtime/kernel/seccomp/classic_bpf.h"
#include "runtime/kernel/seccomp/filter.h"
#include "runtime/kernel/seccomp/policy.h"

namespace lxcspec::runtime {
namespace {

std::optional<ListKind> Words(std::string_view word) {
  if (word == "allowlist") return ListKind::kAllow;
  if (word == "denylist") return ListKind::kDeny;
  return std::nullopt;
}

void Require(bool holds) {
  if (!holds) abort();
}

void RequireLine(const Error& error, std::string_view text) {
  constexpr std::string_view kLine = "line ";
  Require(error.code == EINVAL || error.code == E2BIG);
  Require(error.attempted.starts_with(kLine));
  const long line = atol(error.attempted.c_str() + kLine.size());
  Require(line >= 1 && line <= 2 + std::count(text.begin(), text.end(), '\n'));
}

bool IsVerdictOf(const SeccompPolicy& policy, uint32_t returned) {
  const auto is = [&](const SeccompVerdict& verdict) {
    switch (verdict.action) {
      case SeccompAction::kAllow:
        return returned == SECCOMP_RET_ALLOW;
      case SeccompAction::kTrap:
        return returned == SECCOMP_RET_TRAP;
      case SeccompAction::kErrno:
        return returned == (SECCOMP_RET_ERRNO | verdict.number);
      case SeccompAction::kNotify:
        return returned == SECCOMP_RET_USER_NOTIF;
      case SeccompAction::kKill:
        break;
    }
    return returned == SECCOMP_RET_KILL_THREAD;
  };
  return is(policy.otherwise) || std::any_of(policy.rules.begin(), policy.rules.end(),
                                             [&](const auto& rule) { return is(rule.verdict); });
}

void Try(std::string_view text) {
  const auto policy = ParseSeccompPolicy(text, Words);
  if (!policy) return RequireLine(policy.error(), text);
  const auto filter = CompileSeccompPolicy(*policy);
  if (!filter) return Require(filter.error().code == E2BIG);
  for (const uint32_t architecture : {uint32_t{AUDIT_ARCH_X86_64}, uint32_t{AUDIT_ARCH_I386}}) {
    for (const int number : {-1, 0, 39, 83, 102, 110, 117, 166, 359, 0x40000053}) {
      seccomp_data call{};
      call.arch = architecture;
      call.nr = number;
      // What the rules compare with is reached by the text's own bytes.
      for (size_t i = 0; i < kArgumentCount && i < text.size(); ++i) {
        call.args[i] = static_cast<unsigned char>(text[text.size() - 1 - i]);
      }
      const auto verdict = RunClassicBpf(filter->program, call);
      Require(verdict.has_value());
      Require(IsVerdictOf(*policy, *verdict) ||
              (policy->by_number && *verdict == SECCOMP_RET_KILL_THREAD));
    }
  }
}

}  // namespace
}  // namespace lxcspec::runtime

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  lxcspec::runtime::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
