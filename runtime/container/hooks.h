// SPDX-License-Identifier: Apache-2.0
//
// Runs the commands of lxc.hook.*, with the arguments and variables of lxc.container.conf(5).

#ifndef LXCSPEC_RUNTIME_CONTAINER_HOOKS_H_
#define LXCSPEC_RUNTIME_CONTAINER_HOOKS_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/config/config.h"

namespace lxcspec::runtime {

// What every hook of a container is told.
struct HookContext {
  std::string name;
  std::string config_file;
  // Without the prefix that says its kind.
  std::string rootfs_path;
  std::string rootfs_mount;
  std::string console_path;
  std::string console_log;
  std::string log_level;
  // lxc.hook.version: 0 passes name, section and type as arguments, 1 as variables.
  int version = 0;
};

// One occasion on which hooks run.
struct HookRun {
  // "pre-start", "mount", ... and the section: "lxc" or "net".
  std::string type;
  std::string section = "lxc";
  // More arguments, whatever the version is.
  std::vector<std::string> arguments;
  // NAME=value beside those of this process: LXC_TARGET, LXC_SRC_NAME, lxc.environment, ...
  std::vector<std::string> environment;
  // Gets each line that the hook prints; may be empty.
  std::function<void(std::string_view line)> output;
};

// The context that a configuration gives; the mount point is lxc.rootfs.mount or its default.
HookContext MakeHookContext(const Config& config, const std::string& name,
                            const std::string& config_file);

// Runs one command with /bin/sh and waits for it. EPERM's like are the shell's own exit status:
// any but 0, and any signal, is ECANCELED, and the error says which, with the hook's last line.
// The hook has standard input from /dev/null, this process's standard error, no other descriptor,
// and no blocked signal.
Status RunHook(const HookContext& context, const std::string& command, const HookRun& run);

// Runs each, and stops at the first that fails.
Status RunHooks(const HookContext& context, const std::vector<std::string>& commands,
                const HookRun& run);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_HOOKS_H_
