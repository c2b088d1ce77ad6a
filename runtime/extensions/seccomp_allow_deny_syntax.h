// SPDX-License-Identifier: Apache-2.0
//
// The extension seccomp_allow_deny_syntax: allowlist and denylist on a policy's second line, beside
// the words that stood there before. spec/extensions/seccomp_allow_deny_syntax.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_SECCOMP_ALLOW_DENY_SYNTAX_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_SECCOMP_ALLOW_DENY_SYNTAX_H_

#include "runtime/kernel/seccomp/policy.h"

namespace lxcspec::runtime {

// What the words mean, with the extension and without it.
ListWords PolicyListWords(bool is_switched_on);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_SECCOMP_ALLOW_DENY_SYNTAX_H_
