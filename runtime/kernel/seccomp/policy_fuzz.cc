// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the parser of seccomp policies: any bytes are refused with a line of theirs, or make rules
// that are within their bounds; and short ones a program that decides every call.

#include <linux/seccomp.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "runtime/kernel/seccomp/bpf_interpreter.h"
#include "runtime/kernel/seccomp/filter.h"
#include "runtime/kernel/seccomp/policy.h"

namespace {

using lxcspec::runtime::ListKind;

std::optional<ListKind> Words(std::string_view word) {
  if (word == "allowlist") return ListKind::kAllow;
  if (word == "denylist") return ListKind::kDeny;
  return std::nullopt;
}

void Require(bool holds) {
  if (!holds) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto policy = lxcspec::runtime::ParseSeccompPolicy(text, Words);
  if (!policy) {
    Require(policy.error().attempted.starts_with("line "));
    return 0;
  }
  for (const auto& rule : policy->rules) {
    Require(rule.line > 2 && rule.line <= size);
    Require(policy->by_number == rule.name.empty());
    Require(rule.verdict.number <= lxcspec::runtime::kMostErrno);
    for (const auto& test : rule.tests) Require(test.index < lxcspec::runtime::kArgumentCount);
  }
  // libseccomp is slow, and not under test.
  constexpr size_t kFewRules = 2;
  if (policy->rules.size() > kFewRules || size % 16 != 0) return 0;
  const auto filter = lxcspec::runtime::CompileSeccompPolicy(*policy);
  if (filter) Require(lxcspec::runtime::RunFilter(filter->program, seccomp_data{}).has_value());
  return 0;
}
