// SPDX-License-Identifier: Apache-2.0
//
// What a process takes of the machine's memory while it waits.

#ifndef LXCSPEC_RUNTIME_KERNEL_MEMORY_H_
#define LXCSPEC_RUNTIME_KERNEL_MEMORY_H_

namespace lxcspec::runtime {

// Gives back what was freed, and forgets the pages of programs and libraries that were executed:
// those that are executed again are found where the kernel keeps files.
void ReleaseMemory();

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_MEMORY_H_
