// SPDX-License-Identifier: Apache-2.0
//
// The extension mount_injection_file: what is mounted in a running container and is no folder.
// spec/extensions/mount_injection_file.md

#ifndef LXCSPEC_RUNTIME_EXTENSIONS_MOUNT_INJECTION_FILE_H_
#define LXCSPEC_RUNTIME_EXTENSIONS_MOUNT_INJECTION_FILE_H_

#include <string>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

// Whether what a descriptor refers to can be mounted over folders only.
Result<bool> IsFolder(int fd);

// In the container's mount namespace and with no more rights than its root's: the file to mount
// over, made where nothing is there. O_PATH. ENOTDIR for a folder, as mount(2) has it.
Result<UniqueFd> FileForInjection(int root, const std::string& target);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_EXTENSIONS_MOUNT_INJECTION_FILE_H_
