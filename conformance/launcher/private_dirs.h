// SPDX-License-Identifier: Apache-2.0
//
// Empty directories of a test's own at the places where implementations keep their state, without
// touching the host's tree. Runs in a private mount namespace.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_PRIVATE_DIRS_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_PRIVATE_DIRS_H_

#include <string>
#include <vector>

#include "conformance/posix/result.h"

namespace lxcspec::launcher {

// The directories that start empty in every test.
const std::vector<std::string>& PrivateDirectories();

// Mounts a tmpfs over each private directory. Where the directory is missing, the tmpfs covers the
// nearest directory above it that exists, and only a missing top-level directory is made on the
// host. Files and directories of `visible` (absolute, without symbolic links) that would be covered
// are shown again at their place, read-only.
Status MakePrivateDirectories(const std::vector<std::string>& visible);

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_PRIVATE_DIRS_H_
