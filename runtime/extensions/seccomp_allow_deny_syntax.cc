// SPDX-License-Identifier: Apache-2.0

#include "runtime/extensions/seccomp_allow_deny_syntax.h"

#include <optional>
#include <string_view>

namespace lxcspec::runtime {
namespace {

std::optional<ListKind> OlderWord(std::string_view word) {
  if (word == "whitelist") return ListKind::kAllow;
  if (word == "blacklist") return ListKind::kDeny;
  return std::nullopt;
}

std::optional<ListKind> AnyWord(std::string_view word) {
  // Whole words: what merely begins like one is something that its author meant otherwise.
  if (word == "allowlist") return ListKind::kAllow;
  if (word == "denylist") return ListKind::kDeny;
  return OlderWord(word);
}

}  // namespace

ListWords PolicyListWords(bool is_switched_on) { return is_switched_on ? AnyWord : OlderWord; }

}  // namespace lxcspec::runtime
