// SPDX-License-Identifier: Apache-2.0
//
// All of this process's descriptors at once.

#ifndef LXCSPEC_RUNTIME_KERNEL_DESCRIPTORS_H_
#define LXCSPEC_RUNTIME_KERNEL_DESCRIPTORS_H_

#include <vector>

#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

// Closes every descriptor but these; negative ones among them count for nothing.
void CloseOthers(std::vector<int> kept);

// Closes those, and as many as are numbered in a row by one call.
void CloseTogether(std::vector<UniqueFd> fds);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_DESCRIPTORS_H_
