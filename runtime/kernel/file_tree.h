// SPDX-License-Identifier: Apache-2.0
//
// Removes and copies whole trees of files, as root of a container left them: links are never
// followed, folders are entered by descriptor however deep they are, and other file systems that
// are mounted within are not entered.

#ifndef LXCSPEC_RUNTIME_KERNEL_FILE_TREE_H_
#define LXCSPEC_RUNTIME_KERNEL_FILE_TREE_H_

#include <string>
#include <vector>

#include "runtime/base/result.h"

namespace lxcspec::runtime {

// What is mounted at or below a path; empty where nothing is.
std::string MountWithin(const std::string& path);

// Removes a file or a folder with all that is in it; what is not there is removed already. EBUSY,
// with nothing removed, where something is mounted on it or within.
Status RemoveTree(const std::string& path);

// Removes what is in a folder, but neither the folder nor the named entries.
Status RemoveContents(const std::string& path, const std::vector<std::string>& except);

// Copies a folder's contents, owners, modes, times, extended attributes, devices, hard links and
// holes to a new folder, whose parent is there. EEXIST where the target is; what was copied before
// another failure is the caller's to remove.
Status CopyTree(const std::string& source, const std::string& target);

// Makes a folder and those above it that are missing.
Status MakeFolders(const std::string& path, unsigned mode);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_FILE_TREE_H_
