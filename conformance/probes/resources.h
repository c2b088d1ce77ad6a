// SPDX-License-Identifier: Apache-2.0
//
// Using what cgroups limit.

#ifndef LXCSPEC_CONFORMANCE_PROBES_RESOURCES_H_
#define LXCSPEC_CONFORMANCE_PROBES_RESOURCES_H_

#include <string>
#include <vector>

#include "conformance/probes/commands.h"

namespace lxcspec::probe {

// BYTES: has that much memory at once, none of it in swap, and gives it back.
Answer Allocate(const std::vector<std::string>& arguments);

// MILLISECONDS: works until it has had that much of a CPU's time.
Answer Compute(const std::vector<std::string>& arguments);

}  // namespace lxcspec::probe

#endif  // LXCSPEC_CONFORMANCE_PROBES_RESOURCES_H_
