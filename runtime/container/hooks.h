// SPDX-License-Identifier: Apache-2.0
//
// Runs the commands of lxc.hook.*, with the arguments and variables of lxc.container.conf(5).

#ifndef LXCSPEC_RUNTIME_CONTAINER_HOOKS_H_
#define LXCSPEC_RUNTIME_CONTAINER_HOOKS_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/base/unique_fd.h"
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
  // NAME=value, from lxc.environment and lxc.environment.hooks.
  std::vector<std::string> variables;
};

// One occasion on which hooks run.
struct HookRun {
  // "pre-start", "mount", ... and the section: "lxc" or "net".
  std::string type;
  std::string section = "lxc";
  // More arguments, whatever the version is.
  std::vector<std::string> arguments;
  // NAME=value beside those of this process and of the context: LXC_TARGET, LXC_SRC_NAME, ...
  std::vector<std::string> environment;
  // Gets each line that the hook prints; may be empty.
  std::function<void(std::string_view line)> output;
};

// The context that a configuration gives; the mount point is lxc.rootfs.mount or its default.
HookContext MakeHookContext(const Config& config, const std::string& name,
                            const std::string& config_file);

// A command that /bin/sh runs. It has standard input from /dev/null, this process's standard error,
// no other descriptor, no blocked signal, and a process group of its own.
class RunningHook {
 public:
  static Result<RunningHook> Start(const HookContext& context, const std::string& command,
                                   const HookRun& run);

  // Can be read when the hook has printed something, and when nobody can any more.
  const UniqueFd& output() const { return output_; }
  // Can be read when it has ended. What it has left running does not count.
  const UniqueFd& pidfd() const { return pidfd_; }

  // Hands on what it has printed by now, without waiting. False when there will be nothing more.
  bool ReadOutput();
  // The hook and its process group, with SIGKILL.
  void Kill() const;
  // Once it has ended: hands on the last of its output and reaps it. Exit statuses are the shell's:
  // any but 0, and any signal, is ECANCELED, and the error says which, with the hook's last line.
  Status Finish();

 private:
  RunningHook() = default;

  void Deliver(std::string_view line);

  pid_t pid_ = -1;
  UniqueFd pidfd_;
  UniqueFd output_;
  std::string what_;
  std::function<void(std::string_view)> on_line_;
  std::string pending_;
  std::string last_;
};

// Runs one command and waits for it.
Status RunHook(const HookContext& context, const std::string& command, const HookRun& run);

// Runs each, and stops at the first that fails.
Status RunHooks(const HookContext& context, const std::vector<std::string>& commands,
                const HookRun& run);

}  // namespace lxcspec::runtime

#endif  // LXCSPEC_RUNTIME_CONTAINER_HOOKS_H_
