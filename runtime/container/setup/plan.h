// SPDX-License-Identifier: Apache-2.0
//
// What happens inside a new container before its command runs, as plain values: made from the
// configuration before anything is cloned, so that what can be refused by looking is refused then.

#ifndef LXCSPEC_RUNTIME_CONTAINER_SETUP_PLAN_H_
#define LXCSPEC_RUNTIME_CONTAINER_SETUP_PLAN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/config/config.h"
#include "runtime/container/hooks.h"
#include "runtime/container/rootfs_mount.h"
#include "runtime/container/setup/automount_words.h"
#include "runtime/container/setup/confinement.h"
#include "runtime/container/setup/mount_options.h"
#include "runtime/kernel/capabilities.h"
#include "runtime/kernel/idmap.h"
#include "runtime/kernel/rlimit.h"

namespace lxcspec::runtime {

// What the lifecycle knows and the configuration does not say.
struct SetupContext {
  std::string name;
  std::string lxcpath;
  // Host path of the configuration, for hooks.
  std::string config_file;
  // CLONE_NEW* of every namespace that is not the starter's own.
  uint64_t namespaces = 0;
  // What to run instead of lxc.init.cmd; empty: what the configuration says.
  std::vector<std::string> command;
  // What an unset lxc.autodev means: an application container gets no /dev of its own.
  bool default_autodev = true;
};

struct RootfsPlan {
  RootfsPath path;
  // Where it is mounted before the pivot.
  std::string mount_point;
  MountOptions options;
};

struct DevPlan {
  bool autodev = true;
  uint64_t tmpfs_size = 0;
  // Below /dev, without slashes at its ends; empty: /dev itself.
  std::string tty_folder;
  uint32_t tty_count = 0;
  uint32_t pty_count = 0;
};

struct SetupPlan {
  uint64_t namespaces = 0;
  RootfsPlan rootfs;
  // lxc.mount.fstab, then lxc.mount.entry, then what shmounts asks for.
  std::vector<MountRequest> entries;
  AutoMounts automounts;
  DevPlan dev;

  std::vector<IdRange> id_maps;
  std::vector<ResourceLimitSetting> resource_limits;
  // Files below /proc/<init>/ and /proc/sys/, and what to write.
  std::vector<std::pair<std::string, std::string>> proc_files;
  std::vector<std::pair<std::string, std::string>> sysctls;

  std::string host_name;
  // personality(2); nothing: as it is.
  std::optional<unsigned long> personality;
  bool new_keyring = true;
  bool no_new_privs = false;
  Confinement confinement;
  // What stays in the bounding set; nothing: what is in it.
  std::optional<CapabilitySet> capabilities;
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::vector<uint32_t> groups;

  // lxc.sched.core
  bool core_domain = false;

  HookContext hooks;
  std::vector<std::string> pre_mount_hooks;
  std::vector<std::string> mount_hooks;
  std::vector<std::string> autodev_hooks;
  std::vector<std::string> start_hooks;

  // NAME=value for init, each name once.
  std::vector<std::string> environment;
  std::string working_folder;
  // Never empty.
  std::vector<std::string> command;

  bool has_user_namespace() const;
  // Whether init keeps a capability.
  bool keeps(int capability) const;
};

// Fails where the configuration cannot be carried out: ENOENT and ENOTDIR for what is not there,
// EINVAL for what makes no sense, ENOTSUP for what this runtime does not do. The error names the
// key.
Result<SetupPlan> PlanSetup(const Config& config, const SetupContext& context);

// What lxc.cap.drop and lxc.cap.keep leave of the bounding set; nothing: all that is in it. EINVAL
// for names that are none, and for both at once.
Result<std::optional<CapabilitySet>> PlanCapabilities(const Config& config);

// personality(2) for lxc.arch; nothing: as it is.
std::optional<unsigned long> PlanPersonality(const Config& config);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_SETUP_PLAN_H_
