// SPDX-License-Identifier: Apache-2.0
//
// Residue that is by design and no leak.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_LEAK_POLICY_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_LEAK_POLICY_H_

#include <vector>

#include "conformance/launcher/leak.h"

namespace lxcspec::launcher {

// Removes what the policy allows.
std::vector<Leak> WithoutAllowedResidue(std::vector<Leak> leaks);

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_LEAK_POLICY_H_
