// SPDX-License-Identifier: Apache-2.0
//
// Paths below a folder whose content is not trusted: nothing in it, symbolic links included, leads
// out of it.

#ifndef LXCSPEC_RUNTIME_KERNEL_PATH_H_
#define LXCSPEC_RUNTIME_KERNEL_PATH_H_

#include <sys/types.h>

#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"

namespace lxcspec::runtime {

// Opens any path of this process's own world; close-on-exec is added to the flags.
Result<UniqueFd> Open(const std::string& path, int flags, mode_t mode = 0);

// Opens a path as if `root` were the root folder: absolute links and `..` stay inside, magic links
// of /proc are refused with ELOOP.
Result<UniqueFd> OpenInRoot(int root, const std::string& path, int flags, mode_t mode = 0);

// The folder, made with its parents where it is not there. O_PATH.
Result<UniqueFd> MakeFolderInRoot(int root, const std::string& path, mode_t mode);

// The file, made empty with its parent folders where nothing is there. O_PATH.
Result<UniqueFd> MakeFileInRoot(int root, const std::string& path, mode_t mode);

// A name in /proc through which this process reaches the descriptor's file anew.
std::string DescriptorPath(int fd);

// The folder of such names, for who is about to enter a mount namespace with another /proc: once it
// is the working folder, a descriptor's number is a path that leads to its file.
Result<UniqueFd> OpenDescriptorFolder();

// The whole of a file, which may be one of /proc.
Result<std::string> ReadWhole(const std::string& path);

// The same of a file that the kernel writes as one record (a value in sysfs or a cgroup,
// /proc/<process>/status): a read that does not fill its buffer was the last one.
Result<std::string> ReadRecord(const std::string& path);

// Writes into an existing file with one write(2), as files of /proc want it.
Status WriteInto(int folder, const std::string& path, std::string_view text);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_KERNEL_PATH_H_
