// SPDX-License-Identifier: Apache-2.0
//
// Which containers are defined below a path.

#ifndef LXCSPEC_RUNTIME_CONTAINER_LISTING_H_
#define LXCSPEC_RUNTIME_CONTAINER_LISTING_H_

#include <string>
#include <vector>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

// The names of the folders that have a configuration file, sorted. ENOENT where the path is not.
Result<std::vector<std::string>> DefinedContainers(const std::string& lxcpath);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_LISTING_H_
