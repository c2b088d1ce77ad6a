// SPDX-License-Identifier: Apache-2.0
//
// The words of lxc.mount.auto.

#ifndef LXCSPEC_RUNTIME_CONTAINER_SETUP_AUTOMOUNT_WORDS_H_
#define LXCSPEC_RUNTIME_CONTAINER_SETUP_AUTOMOUNT_WORDS_H_

#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/container/setup/mount_options.h"

namespace lxcspec::runtime {

// How much of a file system can be written.
enum class AutoMode { kNone, kReadOnly, kMixed, kReadWrite };

enum class CgroupMount {
  kNone,
  kOwn,      // cgroup: the container's own cgroups
  kFull,     // cgroup-full: the whole hierarchies
  kUnified,  // cgroup2
};

struct AutoMounts {
  AutoMode proc = AutoMode::kNone;
  AutoMode sys = AutoMode::kNone;
  CgroupMount cgroup = CgroupMount::kNone;
  AutoMode cgroup_mode = AutoMode::kNone;
  // Even where the container could mount them itself.
  bool cgroup_force = false;
  // shmounts: a folder of the host and where it is in the container; empty: none.
  std::string shared_source;
  std::string shared_target;
};

// Later words override earlier ones about the same file system. `privileged`: the container keeps
// CAP_SYS_ADMIN, and so could change what it is given. EINVAL for unknown words and for shmounts
// without absolute paths.
Result<AutoMounts> ParseAutoMounts(const std::vector<std::string>& words, bool privileged);

// The mount that makes what is mounted in shared_source later appear in the container.
MountRequest SharedMountsEntry(const AutoMounts& automounts);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_SETUP_AUTOMOUNT_WORDS_H_
