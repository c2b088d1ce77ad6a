// SPDX-License-Identifier: Apache-2.0
//
// Listing directories.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_DIRECTORY_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_DIRECTORY_H_

#include <string>
#include <vector>

namespace lxcspec::launcher {

// The names in a directory but for `.` and `..`, sorted; none where it cannot be read.
std::vector<std::string> ListNames(const std::string& directory);

// Those of them that are directories and no symbolic links.
std::vector<std::string> ListDirectories(const std::string& directory);

// Everything below `directory` on the same file system, as paths relative to it, sorted. Mount
// points are listed and not entered. Stops after `limit` entries.
std::vector<std::string> ListTree(const std::string& directory, size_t limit);

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_DIRECTORY_H_
