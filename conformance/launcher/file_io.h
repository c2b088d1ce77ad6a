// SPDX-License-Identifier: Apache-2.0
//
// Whole files and directories in one call, for files of the kernel and small files of ours.

#ifndef LXCSPEC_CONFORMANCE_LAUNCHER_FILE_IO_H_
#define LXCSPEC_CONFORMANCE_LAUNCHER_FILE_IO_H_

#include <sys/types.h>

#include <string>
#include <string_view>

#include "conformance/posix/result.h"

namespace lxcspec::launcher {

Result<std::string> ReadFile(const std::string& path);

// Writes all of `data`, going on after partial writes and EINTR.
Status WriteAll(int fd, std::string_view data, const std::string& what);

// Writes a file that exists, in one write(2): what files of procfs and cgroupfs want.
Status WriteKernelFile(const std::string& path, std::string_view data);

Status CreateFile(const std::string& path, std::string_view data);

// Makes `path` and what is missing above it.
Status MakeDirectories(const std::string& path, mode_t mode = 0755);

// Makes one directory; one that is there already is as good.
Status MakeDirectory(const std::string& path, mode_t mode = 0755);

Result<std::string> RealPath(const std::string& path);

bool IsDirectory(const std::string& path);

// Whether `path` is `directory` or lies below it. Both absolute and without symbolic links.
bool IsWithin(std::string_view path, std::string_view directory);

}  // namespace lxcspec::launcher

#endif  // LXCSPEC_CONFORMANCE_LAUNCHER_FILE_IO_H_
