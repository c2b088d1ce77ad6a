// SPDX-License-Identifier: Apache-2.0
//
// What of a configuration changes when its container gets another folder or another name.

#ifndef LXCSPEC_RUNTIME_CONTAINER_STORAGE_RELOCATE_H_
#define LXCSPEC_RUNTIME_CONTAINER_STORAGE_RELOCATE_H_

#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/config/config.h"

namespace lxcspec::runtime {

// A path as the configuration keeps it: with repeated slashes made one, and none at the end.
std::string TidyPath(std::string_view path);

// All paths in the old folder, in whatever key, become paths in the new one: the folder moved.
Status MovePaths(const std::string& old_folder, const std::string& new_folder, Config& config);

// Hooks, scripts, fstab and logs in the old folder become the copy's own: their paths change, and
// hooks, scripts and fstab are copied to where they are not there yet.
Status CopyHelpers(const std::string& old_folder, const std::string& new_folder, Config& config);

// Each hardware address that is set gets a new one of the same maker.
Status ChangeHardwareAddresses(Config& config);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_STORAGE_RELOCATE_H_
