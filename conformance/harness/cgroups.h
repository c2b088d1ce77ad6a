// SPDX-License-Identifier: Apache-2.0
//
// What the kernel says of cgroups, without asking a testee: where a process is, and what stands in
// the files there. cgroups(7), proc(5).

#ifndef LXCSPEC_CONFORMANCE_HARNESS_CGROUPS_H_
#define LXCSPEC_CONFORMANCE_HARNESS_CGROUPS_H_

#include <sys/types.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/posix/result.h"

namespace lxcspec {

// Stands for the hierarchy of version 2, which has no controllers in its name.
inline constexpr char kUnified[] = "";

// A process's cgroup in each hierarchy that is mounted here ("", "pids", "name=systemd"), as a path
// below the root of the test's cgroup namespace: "/", "/a/b".
using CgroupPaths = std::map<std::string, std::string>;
Result<CgroupPaths> CgroupsOf(pid_t process);

// The folder of the cgroup at that path of a hierarchy.
Result<std::string> CgroupFolder(const std::string& hierarchy, const std::string& path);

// The folder of the cgroup of version 2 that a process is in.
Result<std::string> UnifiedFolderOf(pid_t process);

// Makes a cgroup below the root of the test's namespace in every hierarchy, and moves the calling
// process into it.
Status EnterNewCgroups(const std::string& name);

// The names of the cgroups right below that folder, sorted.
std::vector<std::string> CgroupsBelow(const std::string& folder);

// A file's text without the newline at its end.
Result<std::string> ReadCgroupFile(const std::string& path);
Status WriteCgroupFile(const std::string& path, std::string_view text);

// The process that made this one, as the kernel shows it.
Result<pid_t> ParentOf(pid_t process);

}  // namespace lxcspec

#endif  // LXCSPEC_CONFORMANCE_HARNESS_CGROUPS_H_
