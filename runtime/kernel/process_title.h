// SPDX-License-Identifier: Apache-2.0
//
// What ps(1) shows of this process.

#ifndef LXCSPEC_RUNTIME_KERNEL_PROCESS_TITLE_H_
#define LXCSPEC_RUNTIME_KERNEL_PROCESS_TITLE_H_

#include <string>

namespace lxcspec::runtime {

// Makes the text this process's command line, and its beginning its name. Where the kernel does not
// let it, the text takes the place of the old command line and is cut to its length. Not while
// other threads run.
void SetProcessTitle(const std::string& title);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_PROCESS_TITLE_H_
