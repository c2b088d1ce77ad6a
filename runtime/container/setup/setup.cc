// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/setup/setup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "runtime/container/setup/automounts.h"
#include "runtime/container/setup/cgroup_mounts.h"
#include "runtime/container/setup/dev.h"
#include "runtime/container/setup/rootfs.h"
#include "runtime/container/setup/send_descriptors.h"
#include "runtime/extensions/environment_runtime_hooks.h"
#include "runtime/kernel/credentials.h"
#include "runtime/kernel/lsm.h"
#include "runtime/kernel/mount.h"
#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

constexpr uint32_t kTtyGroup = 5;

// The console belongs to the container's root, so that a login in it can take it over.
Status GiveConsole(const SetupPlan& plan, const ChildContext& context) {
  const int console_peer = context.console_peer;
  if (console_peer < 0 || context.console_in_container || plan.id_maps.empty()) return {};
  const auto uid = OutsideId(plan.id_maps, IdKind::kUser, 0);
  auto gid = OutsideId(plan.id_maps, IdKind::kGroup, kTtyGroup);
  if (!gid) gid = OutsideId(plan.id_maps, IdKind::kGroup, 0);
  if (!uid || !gid || fchown(console_peer, *uid, *gid) == 0) return {};
  // An ordinary user may not; the container then has the terminal by its descriptors alone.
  if (errno == EPERM && geteuid() != 0) return {};
  return ErrnoFailure(fmt::format("fchown(console, {}, {})", *uid, *gid));
}

Status RunHooksAt(const SetupPlan& plan, const ChildContext& context, const char* type,
                  const std::vector<std::string>& commands) {
  HookRun run{.type = type, .arguments = {}, .environment = {}, .output = nullptr};
  if (context.hook_output) {
    run.output = [&](std::string_view line) {
      context.hook_output(fmt::format("hook {}: {}", type, line));
    };
  }
  return RunHooks(plan.hooks, commands, run);
}

// The container's own /proc may be read-only, or not be there.
Result<UniqueFd> SomeProc() {
  auto proc = NewMount({.type = "proc", .source = "proc", .flags = 0, .data = ""});
  return proc ? std::move(proc) : Open("/proc", O_PATH | O_DIRECTORY);
}

Status WriteSysctls(const SetupPlan& plan) {
  if (plan.sysctls.empty()) return {};
  const auto proc = SomeProc();
  if (!proc) return Forward(proc.error());
  for (const auto& [path, value] : plan.sysctls) {
    const Status written = WriteInto(proc->get(), "sys/" + path, value);
    if (written) continue;
    return Failure(written.error().code, fmt::format("lxc.sysctl: {}", written.error().attempted));
  }
  return {};
}

Status ConfineInit(const Confinement& confinement) {
  if (confinement.apparmor.empty() && confinement.selinux.empty()) return {};
  const auto proc = SomeProc();
  if (!proc) return Forward(proc.error());
  return Confine(confinement, proc->get(), LabelMoment::kNextExec);
}

// NAME=value, each name once.
std::vector<std::string> InitEnvironment(const SetupPlan& plan) {
  std::vector<std::string> environment = plan.environment;
  PutVariable(environment, "container=lxc");
  std::string ttys;
  // The first ones of the container's own devpts.
  for (uint32_t i = 0; i < plan.dev.tty_count; ++i) {
    ttys += fmt::format("{}pts/{}", i == 0 ? "" : " ", i);
  }
  if (!ttys.empty()) PutVariable(environment, "container_ttys=" + ttys);
  return environment;
}

// Programs open /dev/stdout anew, and init is whoever is configured. What is no terminal stays.
void GiveTerminals(uint32_t uid) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (isatty(fd) != 0 && fchown(fd, uid, static_cast<gid_t>(-1)) != 0) return;
  }
}

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Status PrepareInit(const SetupPlan& plan, const ChildContext& context, pid_t init) {
  if (!plan.id_maps.empty()) {
    const Status written = WriteIdMaps(init, plan.id_maps);
    if (!written) {
      return Failure(written.error().code, fmt::format("lxc.idmap: {}", written.error().attempted));
    }
  }
  TRY(GiveConsole(plan, context));
  for (const ResourceLimitSetting& limit : plan.resource_limits) {
    const Status set = SetResourceLimit(init, limit);
    if (!set) {
      return Failure(set.error().code,
                     fmt::format("lxc.prlimit.{}: {}", limit.name, set.error().attempted));
    }
  }
  if (plan.proc_files.empty()) return {};
  const auto folder = Open(fmt::format("/proc/{}", init), O_PATH | O_DIRECTORY);
  if (!folder) return Forward(folder.error());
  for (const auto& [path, value] : plan.proc_files) {
    const Status written = WriteInto(folder->get(), path, value);
    if (!written) {
      return Failure(written.error().code, fmt::format("lxc.proc: {}", written.error().attempted));
    }
  }
  return {};
}

Status RunMounts(const SetupPlan& plan, const ChildContext& context) {
  // What is made from here on belongs to the container's root.
  if (plan.has_user_namespace()) TRY(BecomeUser(0, 0, {}));
  umask(S_IWGRP | S_IWOTH);
  TRY(CutOffMounts());
  TRY(RunHooksAt(plan, context, "pre-mount", plan.pre_mount_hooks));
  const auto root = MountRootfs(plan, context);
  if (!root) return Forward(root.error());
  TRY(MountDev(plan, root->get()));
  TRY(MountProcAndSys(plan, root->get()));
  TRY(MountEntries(plan, context, root->get()));
  TRY(MountCgroups(plan, root->get()));
  TRY(RunHooksAt(plan, context, "mount", plan.mount_hooks));
  if (plan.dev.autodev) TRY(RunHooksAt(plan, context, "autodev", plan.autodev_hooks));
  TRY(PopulateDev(plan, root->get()));
  auto descriptors = MountPts(plan, context, root->get());
  if (!descriptors) return Forward(descriptors.error());
  TRY(MountConsole(plan, context, root->get()));
  TRY(MountBootId(plan, root->get()));
  TRY(PivotRoot(root->get()));
  // A peer group of the container's own, which its init may expect.
  if (mount(nullptr, "/", nullptr, MS_SHARED | MS_REC, nullptr) != 0) {
    return ErrnoFailure("share the container's mounts within it");
  }
  // A mount can be moved out of what is not shared only. Nothing of the host is below / any more.
  const std::string& exchange = plan.automounts.shared_target;
  if (!exchange.empty()) TRY(SetPropagation(exchange, MS_SLAVE | MS_REC));
  return SendDescriptors(context.socket, *descriptors);
}

Status RunEnvironment(const SetupPlan& plan, const ChildContext& context) {
  if (!plan.host_name.empty() && (plan.namespaces & CLONE_NEWUTS) != 0 &&
      sethostname(plan.host_name.data(), plan.host_name.size()) != 0) {
    return ErrnoFailure(fmt::format("lxc.uts.name: sethostname({})", plan.host_name));
  }
  TRY(WriteSysctls(plan));
  if (plan.new_keyring) TRY(JoinNewSessionKeyring());
  if (plan.personality) TRY(SetPersonality(*plan.personality));
  TRY(RunHooksAt(plan, context, "start", plan.start_hooks));
  // For init's own execve(2), and before no privileges can be had anew.
  TRY(ConfineInit(plan.confinement));
  return plan.no_new_privs ? SetNoNewPrivileges() : Status();
}

Status DropPrivileges(const SetupPlan& plan) {
  // The bounding set first: who is no longer root may not.
  if (plan.capabilities) TRY(LimitCapabilities(*plan.capabilities));
  TRY(ClearAmbientCapabilities());
  if (plan.uid != 0) GiveTerminals(plan.uid);
  return BecomeUser(plan.uid, plan.gid, {plan.groups.begin(), plan.groups.end()});
}

Status Execute(const SetupPlan& plan, const std::function<Status()>& last) {
  if (!plan.working_folder.empty() && chdir(plan.working_folder.c_str()) != 0) {
    return ErrnoFailure(fmt::format("lxc.init.cwd: chdir({})", plan.working_folder));
  }
  std::vector<std::string> command = plan.command;
  std::vector<std::string> environment = InitEnvironment(plan);
  std::vector<char*> arguments = Pointers(command);
  std::vector<char*> variables = Pointers(environment);
  TRY(CloseDescriptorsOnExec());
  TRY(ResetSignals());
  // A name without a slash is looked for in the container's own PATH.
  environ = variables.data();
  if (last) TRY(last());
  execvp(arguments[0], arguments.data());
  return ErrnoFailure(fmt::format("execute {}", command[0]));
}

}  // namespace lxcspec::runtime
