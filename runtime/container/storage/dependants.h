// SPDX-License-Identifier: Apache-2.0
//
// Which containers use another one's root file system as the lower side of their overlay. Two
// files say so, as in other releases of LXC: `lxc_snapshots` in the folder of the one that is used,
// `lxc_rdepends` in the folder of the one that uses it; each has two lines for each container,
// its path and its name. An old `lxc_snapshots` is just a number.

#ifndef LXCSPEC_RUNTIME_CONTAINER_STORAGE_DEPENDANTS_H_
#define LXCSPEC_RUNTIME_CONTAINER_STORAGE_DEPENDANTS_H_

#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/container/command.h"

namespace lxcspec::runtime {

// Whether any container uses this one's root file system, except for those below a path.
bool HasDependants(const Place& place, const std::string& except_lxcpath = "");

// Those whose root file systems the container uses.
Result<std::vector<Place>> ReadOrigins(const Place& place);
Status WriteOrigins(const Place& place, const std::vector<Place>& origins);

// Says in the origin's folder that the container uses it, or does not any more. An origin that is
// not there has nothing to say.
Status AddDependant(const Place& origin, const Place& dependant);
Status RemoveDependant(const Place& origin, const Place& dependant);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_STORAGE_DEPENDANTS_H_
