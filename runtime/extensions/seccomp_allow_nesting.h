// SPDX-License-Identifier: Apache-2.0
//
// The extension seccomp_allow_nesting: a container's filter on top of one that its starter has
// already. spec/extensions/seccomp_allow_nesting.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_SECCOMP_ALLOW_NESTING_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_SECCOMP_ALLOW_NESTING_H_

#include "runtime/base/result.h"

namespace lxcspec::runtime {

// Whether a profile may be loaded. EPERM where the starter is filtered and
// lxc.seccomp.allow_nesting does not say that this may be: a container that asked for a filter
// never runs without it.
Status MayLoadProfile(bool is_filtered, bool is_nesting_allowed);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_SECCOMP_ALLOW_NESTING_H_
