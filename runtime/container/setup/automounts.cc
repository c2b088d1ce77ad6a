// SPDX-License-Identifier: Apache-2.0

#include "runtime/container/setup/automounts.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "runtime/kernel/mount.h"
#include "runtime/kernel/path.h"

namespace lxcspec::runtime {
namespace {

constexpr unsigned long kHarmless = MS_NOSUID | MS_NODEV | MS_NOEXEC;
constexpr mode_t kFolderMode = 0755;

tl::unexpected<Error> Because(std::string_view what, Error error) {
  error.attempted = fmt::format("lxc.mount.auto: {}: {}", what, error.attempted);
  return Forward(std::move(error));
}

// Binds a part of a mounted file system over itself. What this kernel does not have is left out.
Status BindOverItself(int filesystem, const std::string& path, bool read_only) {
  const auto tree = CloneTree(filesystem, path, false);
  if (!tree) return tree.error().code == ENOENT ? Status() : Forward(tree.error());
  const auto target = OpenInRoot(filesystem, path, O_PATH);
  if (!target) return Forward(target.error());
  TRY(AttachMount(tree->get(), target->get()));
  return read_only ? AddMountFlags(tree->get(), MS_RDONLY, false) : Status();
}

Status MountProc(const SetupPlan& plan, int root) {
  const auto target = MakeFolderInRoot(root, "proc", kFolderMode);
  if (!target) return Forward(target.error());
  const auto proc = NewMount({.type = "proc", .source = "proc", .flags = kHarmless, .data = ""});
  if (!proc) return Forward(proc.error());
  TRY(AttachMount(proc->get(), target->get()));
  if (plan.automounts.proc == AutoMode::kReadWrite) return {};

  const bool own_network = (plan.namespaces & CLONE_NEWNET) != 0 && plan.keeps(CAP_NET_ADMIN);
  // Copied before all of /proc/sys becomes read-only, so that it does not.
  const auto net = CloneTree(proc->get(), "sys/net", false);
  TRY(BindOverItself(proc->get(), "sys", true));
  if (own_network && net) {
    const auto net_target = OpenInRoot(proc->get(), "sys/net", O_PATH);
    if (!net_target) return Forward(net_target.error());
    TRY(AttachMount(net->get(), net_target->get()));
  }
  return BindOverItself(proc->get(), "sysrq-trigger", true);
}

// A sysfs of the container's network namespace, or, where that is not its own and so a user
// namespace may not mount it, the host's.
Result<UniqueFd> SysTree(const SetupPlan& plan) {
  const bool read_write = plan.automounts.sys == AutoMode::kReadWrite;
  auto sys = NewMount(
      {.type = "sysfs", .source = "sysfs", .flags = read_write ? 0 : kHarmless, .data = ""});
  if (sys || sys.error().code != EPERM || !plan.has_user_namespace()) return sys;
  return CloneTree(AT_FDCWD, "/sys", true);
}

Status MountSys(const SetupPlan& plan, int root) {
  const auto target = MakeFolderInRoot(root, "sys", kFolderMode);
  if (!target) return Forward(target.error());
  const auto sys = SysTree(plan);
  if (!sys) return Forward(sys.error());
  TRY(AttachMount(sys->get(), target->get()));
  if (plan.automounts.sys == AutoMode::kReadWrite) return {};
  // Copied while it can be written.
  const auto net = CloneTree(sys->get(), "devices/virtual/net", false);

  // Only the mount is read-only: the file system is shared by all who have this network.
  TRY(AddMountFlags(sys->get(), MS_RDONLY, true));
  if (plan.automounts.sys != AutoMode::kMixed || !net) return {};
  const auto net_target = OpenInRoot(sys->get(), "devices/virtual/net", O_PATH);
  if (!net_target) return Forward(net_target.error());
  return AttachMount(net->get(), net_target->get());
}

}  // namespace

Status MountProcAndSys(const SetupPlan& plan, int root) {
  if (plan.automounts.proc != AutoMode::kNone) {
    if (const Status done = MountProc(plan, root); !done) return Because("proc", done.error());
  }
  if (plan.automounts.sys != AutoMode::kNone) {
    if (const Status done = MountSys(plan, root); !done) return Because("sys", done.error());
  }
  return {};
}

}  // namespace lxcspec::runtime
