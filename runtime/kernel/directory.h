// SPDX-License-Identifier: Apache-2.0
//
// Looks into a folder by its descriptor.

#ifndef LXCSPEC_RUNTIME_KERNEL_DIRECTORY_H_
#define LXCSPEC_RUNTIME_KERNEL_DIRECTORY_H_

#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

// The names in a folder, in no order, without `.` and `..`. Leaves the descriptor's position alone.
Result<std::vector<std::string>> NamesIn(const UniqueFd& folder);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_DIRECTORY_H_
