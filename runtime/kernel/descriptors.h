// SPDX-License-Identifier: Apache-2.0
//
// All of this process's descriptors at once.

#ifndef LXCSPEC_RUNTIME_KERNEL_DESCRIPTORS_H_
#define LXCSPEC_RUNTIME_KERNEL_DESCRIPTORS_H_

#include <vector>

namespace lxcspec::runtime {

// Closes every descriptor but these; negative ones among them count for nothing.
void CloseOthers(std::vector<int> kept);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_DESCRIPTORS_H_
